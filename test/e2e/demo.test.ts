import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File } from '@fedvox/base/system';
import { openDataset } from '@fedvox/imaging';
import { PHANTOM_CLASSES, type Report } from '@fedvox/simulator';
import { WeightsFile } from '@fedvox/weights/files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, fedvox, lastLine } from './fedvox-command.js';

const SITES = ['hospital-east', 'hospital-north', 'hospital-south'];

let folder: string;
let out: string;
let result: CommandResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-demo-'));
  out = join(folder, 'run');
  result = await fedvox('demo', '--rounds', '1', '--json', '--out', out);
}, 240_000);
afterAll(() => rm(folder, { recursive: true }));

describe('fedvox demo --json', () => {
  it('ends well, with one JSON object on stdout and its progress on stderr', () => {
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(result.stderr).toMatch(/round 1\/1: Dice 0\.\d{3}/);
  });

  it('reports rounds × sites, the best model and what left each hospital, and nothing else', () => {
    const figure = expect.toSatisfy((value) => value === null || (value >= 0 && value <= 1));
    const bytes = expect.toSatisfy((value) => Number.isInteger(value) && value > 0);
    const kinds = {
      'certificate-request': bytes,
      capabilities: bytes,
      control: bytes,
      gate: bytes,
      statement: bytes,
      delta: bytes,
    };
    expect(lastLine(result)).toEqual({
      job: 'organ-and-lesion',
      rounds: [
        {
          round: 1,
          sites: SITES.map((site) => ({ site, dice: figure, auc: figure })),
          dice: figure,
          auc: figure,
        },
      ],
      best: {
        round: 1,
        path: join(out, 'best.safetensors'),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      egress: Object.fromEntries(SITES.map((site) => [site, kinds])),
    });
  });

  it('leaves the best model, under the digest it tells, and the report itself', async () => {
    const report = lastLine(result) as Report;
    expect(await sha256File(report.best.path)).toBe(report.best.sha256);
    const model = await WeightsFile.open(report.best.path);
    expect(model.tensors.map(({ name }) => name)).toContain('model.0.conv.unit0.conv.weight');
    await model.close();
    expect(JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))).toEqual(report);
  });

  it('ends by telling where its report lies, a page that runs nothing, in either language', async () => {
    const page = join(out, 'report.html');
    expect(result.stderr.trimEnd().split('\n').at(-1)).toBe(
      `Report, to open in a browser: ${page}`,
    );
    const text = await readFile(page, 'utf8');
    expect(text).toContain('organ-and-lesion');
    for (const site of SITES) expect(text).toContain(site);
    expect(text).not.toContain('<script');
    expect(await readFile(join(out, 'report.zh.html'), 'utf8')).toMatch(/<html lang="zh/);
  });

  it('gave every hospital a folder of DICOM of its own, all of it usable', async () => {
    expect((await readdir(join(out, 'sites'))).sort()).toEqual(SITES);
    for (const site of SITES) {
      const path = join(out, 'sites', site, 'data');
      const { cases, refused } = await openDataset({ kind: 'dicom', path }, PHANTOM_CLASSES);
      expect(cases.length).toBeGreaterThanOrEqual(10);
      expect(refused).toEqual([]);
    }
  });

  it('makes a model that segments a patient of a hospital, on the scan’s own grid', async () => {
    const patient = join(out, 'sites', 'hospital-east', 'data', 'PID-HOSPITAL-EAST-000-SECRET');
    const prediction = await fedvox(
      ...['model', 'predict', '--model', join(out, 'best.safetensors')],
      ...['--input', join(patient, 'mr'), '--output', join(folder, 'seg.nii.gz'), '--json'],
    );
    expect(prediction.exitCode, prediction.stderr).toBe(0);
    const { voxelsByClass } = lastLine(prediction) as { voxelsByClass: Record<string, number> };
    expect(Object.keys(voxelsByClass)).toEqual([...PHANTOM_CLASSES]);
    // 120 × 66 mm in slices of 2.5 mm pixels, 108 mm of slices 4 mm apart.
    expect(Object.values(voxelsByClass).reduce((sum, each) => sum + each, 0)).toBe(48 * 26 * 27);
  }, 60_000);

  it('makes the same model in one process, on virtual time', async () => {
    const virtual = await fedvox(
      ...['demo', '--mode', 'virtual', '--rounds', '1', '--json', '--out', join(folder, 'virtual')],
    );
    expect(virtual.exitCode, virtual.stderr).toBe(0);
    const { best, rounds } = lastLine(virtual) as Report;
    const real = lastLine(result) as Report;
    expect([best.sha256, rounds]).toEqual([real.best.sha256, real.rounds]);
  }, 240_000);

  it('refuses to write into a folder that is not empty', async () => {
    const again = await fedvox('demo', '--out', out, '--json');
    expect(again.exitCode).toBe(1);
    expect(lastLine(again)).toMatchObject({ error: { code: 'simulator/output-not-empty' } });
  });
});
