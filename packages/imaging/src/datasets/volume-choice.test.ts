import { appendFile, copyFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../dicom-writer/encode.js';
import { spacingMm } from '../geometry/grid.js';
import { writeSlices } from '../testing/dicom-objects.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { contentKey } from './content-key.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import type { DatasetSpec } from './spec.js';

type Choice = Extract<DatasetSpec, { kind: 'dicom' }>['volume'];

const golden: Record<string, string> = JSON.parse(
  await readFile(new URL('../dicom/echoes.golden.json', import.meta.url), 'utf8'),
);

async function opened(name: string, volume: Choice = {}) {
  const path = await temporaryFolder();
  await writeFile(join(path, 'enhanced.dcm'), Buffer.from(golden[name] as string, 'base64'));
  const spec = { kind: 'dicom', path, volume } as const;
  return openDataset(spec, [], { labels: 'optional' });
}

describe('an enhanced file of several volumes at the same positions', () => {
  it.each([
    ['echoes', 'EchoTime: 5.5, 80'],
    ['bValues', 'DiffusionBValue: 0, 1000'],
  ])('%s: is refused, naming what can be chosen', async (name, values) => {
    const { cases, refused } = await opened(name);
    expect(cases).toEqual([]);
    expect(refused).toMatchObject([{ code: 'imaging/several-volumes' }]);
    expect(refused[0]!.reason).toContain(`2 volumes, which differ in ${values}`);
  });

  it.each([
    ['echoes', { EchoTime: 5.5 }, 0],
    ['echoes', { EchoTime: '80' }, 100],
    ['bValues', { DiffusionBValue: 0 }, 0],
    ['bValues', { DiffusionBValue: 1000, EchoTime: 80 }, 100],
  ])('%s: %o is the case', async (name, choice, first) => {
    const { cases, refused } = await opened(name, choice);
    expect(refused).toEqual([]);
    const { image } = await loadCase(cases[0]!, []);
    expect(image.shape).toEqual([5, 4, 3]);
    expect([0, 20, 40].map((at) => image.data[at])).toEqual([first, first + 1, first + 2]);
  });

  it('is refused where none of them is the one chosen', async () => {
    const { refused } = await opened('echoes', { EchoTime: 6 });
    expect(refused).toMatchObject([{ code: 'imaging/several-volumes' }]);
  });

  it('has other content for the cache by what is chosen', async () => {
    const keys = [5.5, 80].map(async (EchoTime) => {
      const { cases } = await opened('echoes', { EchoTime });
      return contentKey(cases[0]!);
    });
    expect(new Set(await Promise.all(keys)).size).toBe(2);
  });
});

/** A series of single slices, each with what tells it apart; values of a slice begin with 100 times its number. */
async function series(slices: readonly (DataSet & { readonly z: number })[], volume: Choice = {}) {
  const path = await temporaryFolder();
  const change = (slice: number) => {
    const { z, ...attributes } = slices[slice]!;
    return { ImagePositionPatient: [0, 0, z], ...attributes };
  };
  await writeSlices(path, change, slices.length);
  const spec = { kind: 'dicom', path, volume } as const;
  const { cases, refused } = await openDataset(spec, [], { labels: 'optional' });
  const [ref] = cases;
  const code = refused[0]?.code.replace('imaging/', '');
  if (ref === undefined) return { code, reason: refused[0]!.reason };
  const { image } = await loadCase(ref, []);
  const perSlice = image.data.length / image.shape[2];
  const firsts = Array.from({ length: image.shape[2] }, (_, at) => image.data[at * perSlice]);
  const numbers = firsts.map((value) => (value! + 1024) / 100);
  return { code, slices: numbers, stepMm: spacingMm(ref.grid)[2] };
}

/** A copy of a file, of the same UID, with other bytes at its end. */
async function spoiltCopy(file: string): Promise<void> {
  await copyFile(file, `${file}.copy.dcm`);
  await appendFile(
    `${file}.copy.dcm`,
    Buffer.from([0xfc, 0xff, 0xfc, 0xff, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]),
  );
}

describe('the volume that is meant of a series of slices', () => {
  const phases = [1, 2].flatMap((AcquisitionNumber) =>
    [0, 4, 8, 12].map((z) => ({ AcquisitionNumber, z: z + 2 * (AcquisitionNumber - 1) })),
  );

  it('is none where two phases lie half a slice apart: together they look like one', async () => {
    const { code, reason } = await series(phases);
    expect(code).toBe('several-volumes');
    expect(reason).toContain('2 volumes, which differ in AcquisitionNumber: 1, 2');
  });

  it('is chosen before its slices are put in order', async () => {
    expect(await series(phases, { AcquisitionNumber: 1 })).toMatchObject({
      slices: [0, 1, 2, 3],
      stepMm: 4,
    });
    expect((await series(phases, { AcquisitionNumber: '2' })).slices).toEqual([4, 5, 6, 7]);
  });

  it('is one volume still where acquisitions follow one another, as in step and shoot', async () => {
    const steps = [1, 2].flatMap((AcquisitionNumber) =>
      [0, 2, 4].map((z) => ({ AcquisitionNumber, z: z + 6 * (AcquisitionNumber - 1) })),
    );
    expect((await series(steps)).slices).toEqual([0, 1, 2, 3, 4, 5]);
  });

  const echoes = [5, 10].flatMap((EchoTime) =>
    ['M', 'P'].flatMap((kind) =>
      [0, 2, 4].map((z) => ({ EchoTime, ImageType: ['ORIGINAL', 'PRIMARY', kind], z })),
    ),
  );

  it('is told by as many attributes as it takes, and what is left must be one volume', async () => {
    const all = await series(echoes);
    expect(all.code).toBe('several-volumes');
    expect(all.reason).toContain('4 volumes, which differ in EchoTime and ImageType: 5 and ORIG');
    const half = await series(echoes, { EchoTime: 10 });
    expect(half.reason).toContain('2 volumes, which differ in ImageType');
    expect(await series(echoes, { ImageType: 'P', EchoTime: 10 })).toMatchObject({
      code: undefined,
      slices: [9, 10, 11],
    });
    const whole = { EchoTime: 5, ImageType: 'ORIGINAL\\PRIMARY\\M' };
    expect((await series(echoes, whole)).slices).toEqual([0, 1, 2]);
  });

  it.each(['AcquisitionTime', 'ContentTime'] as const)('is told by %s too', async (attribute) => {
    const moments = ['093000', '093000.5'].flatMap((time) =>
      [0, 2, 4].map((z) => ({ [attribute]: time, z })),
    );
    expect((await series(moments)).reason).toContain(`${attribute}: 093000, 093000.5`);
    expect((await series(moments, { [attribute]: 93000 })).slices).toEqual([0, 1, 2]);
    expect((await series(moments, { [attribute]: '093000.50' })).slices).toEqual([3, 4, 5]);
  });

  it('may be a whole one beside a broken one, but not the broken one, nor one slice', async () => {
    const times = [
      ...[0, 2, 4, 6].map((z) => ({ TemporalPositionIdentifier: 1, z })),
      ...[0, 4, 6, 8, 10].map((z) => ({ TemporalPositionIdentifier: 2, z })),
      { TemporalPositionIdentifier: 3, z: 0 },
    ];
    const at = (TemporalPositionIdentifier: number) =>
      series(times, { TemporalPositionIdentifier });
    expect((await series(times)).code).toBe('duplicate-positions');
    expect((await at(1)).slices).toEqual([0, 1, 2, 3]);
    expect((await at(2)).code).toBe('missing-slice');
    expect((await at(3)).code).toBe('single-slice');
    expect((await at(4)).reason).toContain('differ in TemporalPositionIdentifier: 1, 2, 3');
  });

  describe('beside one of which a file is bad', () => {
    const times = [1, 2].flatMap((TemporalPositionIdentifier) =>
      [0, 2, 4].map((z) => ({ TemporalPositionIdentifier, z })),
    );
    /** What becomes of each of two volumes, and without a choice, once a file of the second is changed. */
    async function outcomes(spoil: (file: string) => Promise<void>, change: DataSet = {}) {
      const path = await temporaryFolder();
      const of = (slice: number) => {
        const { z, ...attributes } = times[slice]!;
        return { ImagePositionPatient: [0, 0, z], ...attributes, ...(slice === 4 ? change : {}) };
      };
      await writeSlices(path, of, times.length);
      const [file] = (await readdir(path)).filter((name) => name.endsWith('-s4.dcm'));
      await spoil(join(path, file!));
      const found = [1, 2, undefined].map(async (moment) => {
        const volume = moment === undefined ? {} : { TemporalPositionIdentifier: moment };
        const spec = { kind: 'dicom', path, volume } as const;
        const { cases, refused } = await openDataset(spec, [], { labels: 'optional' });
        const [ref] = cases;
        if (ref === undefined) return refused.map(({ code }) => code).join();
        return (await loadCase(ref, [])).image.shape[2];
      });
      return Promise.all(found);
    }

    it.each([
      ['is cut short', (file: string) => truncate(file, 700), {}, 'imaging/corrupt-file'],
      [
        'has no pixel spacing',
        async () => undefined,
        { PixelSpacing: undefined },
        'imaging/missing-attribute',
      ],
      [
        'has a copy that is another',
        (file: string) => spoiltCopy(file),
        {},
        'imaging/conflicting-copies',
      ],
    ])('is whole where that %s', async (_, spoil, change, code) => {
      expect(await outcomes(spoil, change)).toEqual([3, code, code]);
    });

    it('is refused all the same where nobody can say of which volume that is', async () => {
      const change = { PixelSpacing: undefined, TemporalPositionIdentifier: 'second' };
      const code = 'imaging/missing-attribute';
      expect(await outcomes(async () => undefined, change)).toEqual([code, code, code]);
    });

    it('is refused where that is the enhanced file of both: what it lacks may be of either', async () => {
      const path = await temporaryFolder();
      const bytes = Buffer.from(golden['echoes'] as string, 'base64');
      await writeFile(join(path, 'enhanced.dcm'), bytes.subarray(0, bytes.length - 8));
      const spec = { kind: 'dicom', path, volume: { EchoTime: 5.5 } } as const;
      const { refused } = await openDataset(spec, [], { labels: 'optional' });
      expect(refused).toMatchObject([{ code: 'imaging/corrupt-file' }]);
    });
  });

  it('is the only one of a series that differs in nothing, whatever was chosen for others', async () => {
    const plain = [0, 2, 4].map((z) => ({ EchoTime: 5, z }));
    expect((await series(plain, { EchoTime: 80, TriggerTime: 3 })).slices).toEqual([0, 1, 2]);
  });
});
