import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type SeriesReference,
  type Volume,
  writeDicomSeg,
  writeDicomSeries,
} from '@fedvox/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fedvox, lastLine } from './fedvox-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-refusals-'));
});
afterEach(() => rm(folder, { recursive: true }));

const VOLUME: Volume = {
  shape: [6, 5, 8],
  affineRas: [-2, 0, 0, 0, 0, -2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1],
  data: Float32Array.from({ length: 240 }, (_, index) => index),
};
const SCANNED_AT = new Date('2020-01-01T00:00:00Z');

function writeSeries(name: string): Promise<SeriesReference> {
  return writeDicomSeries(join(folder, name), VOLUME, {
    identity: name,
    patientName: 'Doe^Jane',
    patientId: 'PID-1-SECRET',
    modality: 'MR',
    createdAt: SCANNED_AT,
  });
}

async function writeSegmentation(path: string, series: SeriesReference): Promise<void> {
  const label = { ...VOLUME, data: Uint8Array.from(VOLUME.data, (value) => (value > 60 ? 1 : 0)) };
  const algorithm = { type: 'MANUAL' } as const;
  const options = { identity: 'label', createdAt: SCANNED_AT, algorithm };
  await writeDicomSeg(join(folder, path), label, [{ value: 1, label: 'organ' }], series, options);
}

/** Everything that a report refuses, by code. */
function refusalCodes(report: unknown): string[] {
  const { scans, refused } = report as {
    scans: { refusal?: { code: string } }[];
    refused: { code: string }[];
  };
  return [...scans.flatMap(({ refusal }) => refusal ?? []), ...refused].map(({ code }) => code);
}

describe('fedvox data inspect', () => {
  it('accepts a series with its segmentation, and exits with 0', async () => {
    await writeSegmentation('seg.dcm', await writeSeries('mr'));
    const result = await fedvox('data', 'inspect', folder, '--json');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(lastLine(result)).toMatchObject({
      scans: [
        {
          usable: true,
          modality: 'MR',
          shape: [6, 5, 8],
          orientation: 'LPS',
          labels: [{ name: 'organ', voxels: 179 }],
        },
      ],
      refused: [],
    });
    const { stdout } = await fedvox('data', 'inspect', folder);
    expect(stdout).toMatch(/1 scan: 1 usable, 0 refused[\s\S]*6 × 5 × 8 .* LPS .* organ 2\.1 ml/);
  });

  it('shows the patients’ identifiers only when asked to, in the text and in the JSON', async () => {
    await writeSeries('mr');
    for (const format of [[], ['--json']]) {
      const { stdout } = await fedvox('data', 'inspect', folder, ...format);
      expect(stdout).not.toContain('PID-1-SECRET');
      const asked = await fedvox('data', 'inspect', folder, '--patients', ...format);
      expect(asked.stdout).toContain('PID-1-SECRET');
    }
  });

  it('names a format that is not read with what converts it, and exits with 1', async () => {
    await writeFile(join(folder, 'scan.mha'), 'ObjectType = Image\nNDims = 3\n');
    const { exitCode, stdout } = await fedvox('data', 'inspect', folder);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/0 scans: 0 usable, 1 refused[\s\S]*MetaImage[\s\S]*→ .*3D Slicer/);
    const report = lastLine(await fedvox('data', 'inspect', folder, '--json'));
    expect(report).toMatchObject({
      counts: { usable: 0, refused: 1 },
      refused: [{ advice: expect.stringContaining('3D Slicer') }],
    });
  });

  it('refuses a folder without DICOM by name', async () => {
    await writeFile(join(folder, 'notes.txt'), 'nothing to see');
    const { exitCode, stderr } = await fedvox('data', 'inspect', folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: there is no DICOM series .* \(1 files looked at\)\n→ /);
  });

  it('refuses a series with a missing slice by name', async () => {
    await writeSeries('mr');
    await unlink(join(folder, 'mr', 'IM00004.dcm'));
    const result = await fedvox('data', 'inspect', folder, '--json');
    expect(result.exitCode).toBe(1);
    expect(refusalCodes(lastLine(result))).toEqual(['imaging/missing-slice']);
    const { stdout } = await fedvox('data', 'inspect', folder);
    expect(stdout).toMatch(/0 usable[\s\S]*Not used, and why:\n.*imaging\/missing-slice/);
  });

  it('refuses a segmentation that refers to another series by name', async () => {
    await writeSeries('mr');
    const elsewhere = await writeSeries('other');
    await rm(join(folder, 'other'), { recursive: true });
    await writeSegmentation('seg.dcm', elsewhere);
    const result = await fedvox('data', 'inspect', folder, '--json');
    expect(refusalCodes(lastLine(result))).toEqual(['imaging/label-other-series']);
  });

  it('says that a folder cannot be read', async () => {
    const { exitCode, stderr } = await fedvox('data', 'inspect', join(folder, 'absent'));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: .*absent.*\n→ /);
  });
});

describe('fedvox job submit', () => {
  it('refuses a job with an unknown metric, naming the known ones, before anything is sent', async () => {
    const scenarioJob = new URL('../../scenarios/hippocampus-job.yaml', import.meta.url);
    const job = join(folder, 'job.yaml');
    await writeFile(
      job,
      (await readFile(scenarioJob, 'utf8')).replace('bestBy: dice', 'bestBy: accuracy'),
    );
    const { exitCode, stderr } = await fedvox('job', 'submit', job);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /line \d+: evaluation\.bestBy: unknown metric "accuracy"; known metrics: dice, auc\n→ /,
    );
  });
});
