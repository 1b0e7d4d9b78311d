import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateFolder } from '@fedvox/agent/records';
import { systemClock } from '@fedvox/base/system';
import { contentKey, type DatasetSpec, loadCase, openDataset, writeNifti } from '@fedvox/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stroke } from './review-contract.js';
import { ReviewRoom } from './review-room.js';

const CLASSES = ['background', 'organ'];
/** RAS+: the patient's right is where i is large. */
const grid = {
  shape: [6, 5, 4] as const,
  affineRas: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1],
};
const place = { review: '0123456789abcdef', index: 0 };
const signed = { reviewer: 'Dr Chen', note: '' };
const stroke: Stroke = {
  ...{ kind: 'stroke', plane: 'axial', slice: 2, classIndex: 1, radiusMm: 0.5 },
  ...{ points: [[0, 0]], continues: false },
};

let root: string;
let room: ReviewRoom;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fedvox-review-room-'));
});
afterEach(async () => {
  await room.close();
  rmSync(root, { recursive: true });
});

const folder = () => stateFolder(join(root, 'state'));
const spec = (): DatasetSpec => {
  return { kind: 'msd', path: join(root, 'data'), corrections: folder().corrections };
};

async function openCase() {
  const { cases } = await openDataset(spec(), CLASSES);
  return { ref: cases[0]!, label: (await loadCase(cases[0]!, CLASSES)).label!.data };
}

/** Cases of files whose labels have one voxel, of which a model drew nothing; and a room to review them in. */
async function openRoom(data: DatasetSpec = spec(), count = 1, mostVoxels = 1_000): Promise<void> {
  mkdirSync(join(root, 'data'));
  const label = new Uint8Array(120);
  label[77] = 1;
  const named = (name: string, at: number) => (at === 0 ? name : name.replace('.', `-${at}.`));
  for (let at = 0; at < count; at++) {
    const image = Float32Array.from(label, (value, voxel) => value * 50 + (voxel % 7) + at);
    await writeNifti(join(root, 'data', named('scan.nii.gz', at)), { ...grid, data: image });
    await writeNifti(join(root, 'data', named('label.nii.gz', at)), { ...grid, data: label });
  }
  const training = Array.from({ length: count }, (_, at) => ({
    ...{ image: named('scan.nii.gz', at), label: named('label.nii.gz', at) },
  }));
  const labels = { 0: 'background', 1: 'organ' };
  writeFileSync(join(root, 'data', 'dataset.json'), JSON.stringify({ labels, training }));
  const { cases } = await openDataset(spec(), CLASSES);
  const reviewed = join(folder().modelReviews, place.review);
  mkdirSync(reviewed, { recursive: true });
  await writeNifti(join(reviewed, '0001.nii.gz'), { ...grid, data: new Uint8Array(120) });
  const record = {
    ...{ version: 1, atMs: 5, model: 'm.safetensors', modelSha256: 'a', job: 'organ' },
    ...{ classes: CLASSES, split: 'all', dataset: spec() },
    cases: await Promise.all(
      cases.map(async (ref) => ({
        ...{ caseId: ref.caseId, contentKey: await contentKey(ref), dice: 0, perClass: [] },
        prediction: '0001.nii.gz',
      })),
    ),
  };
  writeFileSync(join(reviewed, 'review.json'), JSON.stringify(record));
  const reviewer = 'chen';
  room = new ReviewRoom({ folder: folder(), data, reviewer, clock: systemClock, mostVoxels });
}

describe('a review of cases of files', () => {
  it('opens amid what is wrong, and writes a correction that the next training reads', async () => {
    await openRoom();
    expect(await room.openedCase(place)).toMatchObject({
      ...{ start: [5, 2, 2], isChanged: false, uncorrectable: null, said: [] },
      drawing: { strokes: null },
    });
    await room.draw(place, { kind: 'begin', from: 'prediction' });
    const { strokes } = await room.draw(place, stroke);
    expect(strokes).toBe(1);
    await room.correct(place, signed);
    const { label } = await openCase();
    // The left upper pixel is at the patient's right and front: i = 5, j = 4 of RAS+.
    expect([...label.keys()].filter((at) => label[at] === 1)).toEqual([5 + 6 * (4 + 5 * 2)]);
    const after = await room.openedCase(place);
    expect(after).toMatchObject({ isChanged: true, drawing: { strokes: null } });
    expect(after.said).toMatchObject([{ verdict: 'corrected', reviewer: 'Dr Chen' }]);
    expect(after.said[0]?.correction).toMatch(/^scan\.of-[0-9a-f]{16}\.nii\.gz$/);
  });

  it('takes nothing that it was not asked for in order', async () => {
    await openRoom();
    await expect(room.draw(place, stroke)).rejects.toThrow('not being corrected');
    await expect(room.correct(place, signed)).rejects.toThrow('not being corrected');
    await room.draw(place, { kind: 'begin', from: 'label' });
    await expect(room.draw(place, { ...stroke, slice: 4 })).rejects.toThrow('no slice 4');
    await expect(room.draw(place, { ...stroke, classIndex: 2 })).rejects.toThrow('no class 2');
    await expect(room.correct(place, { ...signed, reviewer: ' ' })).rejects.toThrow('reviewer');
    await expect(room.say(place, { ...signed, verdict: 'corrected' })).rejects.toThrow('verdict');
    await expect(room.openedCase({ ...place, index: 1 })).rejects.toThrow('no such case');
    await expect(room.openedCase({ ...place, review: '../..' })).rejects.toThrow('no review');
    expect((await room.page()).reviews[0]?.cases[0]?.verdict).toBeNull();
  });

  it('keeps a drawing that was not saved while other cases are looked at, with the way back', async () => {
    // No two cases are in memory together.
    await openRoom(spec(), 2, 150);
    const other = { ...place, index: 1 };
    await room.draw(place, { kind: 'begin', from: 'label' });
    await room.draw(place, stroke);
    await room.openedCase(other);
    await room.draw(other, { kind: 'begin', from: 'label' });
    expect((await room.openedCase(place)).drawing.strokes).toBe(1);
    // Another window of the same person begins nothing anew.
    expect((await room.draw(place, { kind: 'begin', from: 'prediction' })).strokes).toBe(1);
    const { label } = await room.voxels(place);
    expect([...label.data.keys()].filter((at) => label.data[at] === 1)).toEqual([77, 89]);
    await room.draw(place, { kind: 'undo' });
    expect((await room.voxels(place)).label.data[89]).toBe(0);
  });

  it('is drawn over by several people, each of whom sees their own', async () => {
    await openRoom();
    for (const person of ['Dr Chen', 'Dr Holm']) {
      await room.draw(place, { kind: 'begin', from: 'label' }, person);
    }
    await room.draw(place, stroke, 'Dr Chen');
    const drawn = async (person: string) => (await room.voxels(place, person)).label.data[89];
    expect([await drawn('Dr Chen'), await drawn('Dr Holm')]).toEqual([1, 0]);
    await room.draw(place, { ...stroke, points: [[1, 0]] }, 'Dr Holm');
    await room.correct(place, { ...signed, reviewer: 'somebody else' }, 'Dr Chen');
    // What was saved meanwhile is there; the own stroke is not lost.
    const { label } = await room.voxels(place, 'Dr Holm');
    expect([...label.data.keys()].filter((at) => label.data[at] === 1)).toEqual([77, 88, 89]);
    expect((await room.said(place))[0]?.reviewer).toBe('Dr Chen');
  });

  it('corrects no label of other data than the site trains on', async () => {
    await openRoom({ kind: 'msd', path: join(root, 'other') });
    expect((await room.openedCase(place)).uncorrectable).toMatch(/other data/);
    await room.draw(place, { kind: 'begin', from: 'label' });
    await expect(room.correct(place, signed)).rejects.toThrow('other data');
  });
});
