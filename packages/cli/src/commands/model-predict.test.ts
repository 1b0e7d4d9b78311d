import { link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { encodeNifti, writeVolumeFile } from '@fedvox/imaging';
import { type Job, jobSchema } from '@fedvox/job';
import { initialModel, saveModel } from '@fedvox/learning';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../program.js';

const job: Job = jobSchema.parse({
  name: 'lesions',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient', axes: 'RAS' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  training: { batchSize: 1, localEpochs: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 2 },
  seed: 4,
});
const scan = {
  shape: [6, 5, 4],
  affineRas: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
  data: Float32Array.from({ length: 120 }, (_, at) => at % 7),
} as const;

let folder: string;
const here = (...names: string[]) => join(folder, ...names);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-cli-'));
  await saveModel(here('model.safetensors'), job, initialModel(job));
  await mkdir(here('scans'));
});
afterEach(() => rm(folder, { recursive: true }));

async function predict(...options: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const fixed = ['model', 'predict', '--model', here('model.safetensors'), '--engine', 'cpu'];
  const exitCode = await run([...fixed, ...options], { stdout, stderr, environment: {} });
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

describe('fedvox model predict', () => {
  it('of one scan writes a file of any of its formats, and says so where it replaces one', async () => {
    await writeVolumeFile(here('scans', 'a.nii'), scan);
    const output = here('new', 'seg.nrrd');
    const first = await predict('--input', here('scans', 'a.nii'), '--output', output);
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Wrote .*seg\.nrrd\n/),
    });
    expect((await readFile(output)).toString('latin1')).toMatch(/^NRRD0004\ntype: uint8\n/);
    const second = await predict('--input', here('scans'), '--output', output, '--json');
    expect(JSON.parse(second.stdout)).toEqual({
      output,
      replaced: true,
      voxelsByClass: { background: expect.any(Number), lesion: expect.any(Number) },
    });
    const third = await predict('--input', here('scans', 'a.nii'), '--output', output);
    expect(third.stdout).toContain('seg.nrrd, in place of the file that was there\n');
  });

  it('of many tells each and how many are left, and fails where one was not predicted', async () => {
    for (const name of ['a.nii', 'b.nii.gz']) await writeVolumeFile(here('scans', name), scan);
    await mkdir(here('out'));
    const all = await predict('--input', here('scans'), '--output', here('out'));
    expect(all).toMatchObject({
      exitCode: 0,
      stdout: `Wrote 2 predictions of 2 scans into ${here('out')}\n`,
    });
    await writeFile(here('scans', 'c.nii'), 'no scan at all');
    const some = await predict('--input', here('scans'), '--output', here('out'));
    expect(some.exitCode).toBe(1);
    expect(some.stderr.split('\n')).toEqual([
      expect.stringMatching(/^not predicted: c\.nii: .*; 2 left$/),
      expect.stringMatching(/^a\.nii → .*a\.nii\.gz, in place of .*: lesion \d+ voxels; 1 left$/),
      expect.stringMatching(/^b\.nii\.gz → .*b\.nii\.gz, in place of .* voxels; 0 left$/),
      '',
    ]);
    expect(some.stdout).toMatch(
      /^Wrote 2 predictions of 3 scans into .*; 2 in place of files that were there\n\nNot predicted, and why:\n.*c\.nii.*\(imaging\/not-nifti\)\n {4}→ /,
    );
    const json = await predict('--input', here('scans'), '--output', here('out'), '--json');
    expect(json.exitCode).toBe(1);
    const { predicted, refused } = JSON.parse(json.stdout);
    expect([predicted.length, refused.length]).toEqual([2, 1]);
  });

  it('takes several paths, into a folder that must be there', async () => {
    for (const name of ['a', 'b']) {
      await mkdir(here('scans', name));
      await writeVolumeFile(here('scans', name, 'T1w.nii'), scan);
    }
    const inputs = ['--input', here('scans', 'a', 'T1w.nii'), here('scans', 'b', 'T1w.nii')];
    for (const options of [[], ['--output', here('absent')]]) {
      const { exitCode, stderr } = await predict(...inputs, ...options);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /^error: predictions of several scans go into a folder, and .* is none\n→ /,
      );
    }
    await mkdir(here('out'));
    const { stdout } = await predict(...inputs, '--output', here('out'), '--json');
    const { predicted } = JSON.parse(stdout);
    expect(predicted.map(({ outputPath }: { outputPath: string }) => outputPath)).toEqual([
      here('out', 'a', 'T1w.nii.gz'),
      here('out', 'b', 'T1w.nii.gz'),
    ]);
  });

  it('overwrites no scan of those that it reads', async () => {
    await writeVolumeFile(here('scans', 'a.nii.gz'), scan);
    await link(here('scans', 'a.nii.gz'), here('same.nii.gz'));
    const { exitCode, stderr } = await predict(
      ...['--input', here('scans'), '--output', here('same.nii.gz')],
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/same\.nii\.gz is read for this prediction/);
  });

  it('holds files, too, to what a site’s configuration says of scans', async () => {
    const bytes = Buffer.from(encodeNifti(scan));
    bytes.writeFloatLE(10, 88); // pixdim[3], by which the qform scales
    await writeFile(here('scans', 'a.nii'), bytes);
    const config = here('site.yaml');
    const output = [
      '--input',
      here('scans', 'a.nii'),
      '--output',
      here('seg.nii'),
      '--config',
      config,
    ];
    const site = (data: string) =>
      writeFile(config, `site: a\nstateDir: state\ndata: {path: scans, ${data}}\n`);
    await site('kind: msd, labels: {Tumour: lesion}, conflictingGeometry: refuse');
    expect((await predict(...output)).stderr).toMatch(/says two things of its geometry/);
    await site('kind: dicom, volume: {EchoTime: 80}');
    expect((await predict(...output)).exitCode).toBe(0);
  });
});
