import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { writeNifti } from '@fedvox/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './program.js';
import { programBuild } from './program-build.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a command line in this process; what it said on each stream. */
async function fedvox(...argv: string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exitCode = await run(argv, { stdout, stderr, environment: {} });
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}

describe('the fedvox command', () => {
  it('tells every command to whoever asks for help', async () => {
    const { exitCode, stdout } = await fedvox('--help');
    expect(exitCode).toBe(0);
    for (const noun of [
      'demo',
      'simulate',
      'agent',
      'data',
      'consortium',
      'coordinator',
      'site',
      'job',
      'model',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${noun} `, 'm'));
    }
  });

  it('says its version and commit, each way it is asked', async () => {
    const { version, commit } = programBuild();
    for (const flag of ['--version', '-V']) {
      const { exitCode, stdout, stderr } = await fedvox(flag);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toBe(commit === null ? `${version}\n` : `${version} (${commit})\n`);
    }
  });

  it('suggests what was meant by a command that does not exist', async () => {
    const { exitCode, stderr, stdout } = await fedvox('job', 'sumbit');
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/unknown command 'sumbit'\n\(Did you mean submit\?\)/);
  });

  it('prints no character that a terminal obeys, whoever brought it', async () => {
    const name = 'scans\u001b[2J\u009b31m\u202e';
    for (const words of [['data', 'inspect', join(folder, name)], [name]]) {
      const { stderr } = await fedvox(...words);
      expect(stderr).toContain(String.raw`scans\u001b[2J\u009b31m\u202e`);
      expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  it('offers --json on every command that has a result', async () => {
    for (const words of [
      'demo',
      'simulate',
      'job list',
      'job show',
      'site list',
      'data inspect',
      'model predict',
      'agent check',
      'agent status',
      'agent egress',
      'agent approvals',
      'agent approve',
      'console',
      'dashboard',
      'agent status',
    ]) {
      expect((await fedvox(...words.split(' '), '--help')).stdout).toContain('--json');
    }
  });

  it('asks whose console a review is for before anything is computed', async () => {
    const model = fileURLToPath(import.meta.url);
    const words = ['model', 'evaluate', '--model', model, '--data', folder, '--review'];
    const { exitCode, stderr } = await fedvox(...words);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/nobody says whose console the review is for\n→ .*--config site.yaml/);
  });

  it('refuses an option that is not a number, naming it', async () => {
    const { exitCode, stderr } = await fedvox('demo', '--rounds', 'many');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'error: --rounds must be a whole number of at least 1, not "many"\n→ Correct the option.\n',
    );
  });

  it('prints an error with advice on stderr, and with --json as an object on stdout too', async () => {
    const scenario = join(folder, 'none.yaml');
    const { exitCode, stderr, stdout } = await fedvox('simulate', scenario, '--json');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: cannot read scenario .*none\.yaml: .*\n→ Check that the file/);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'base/config-unreadable',
        message: expect.stringContaining('none.yaml'),
        advice: expect.any(String),
      },
    });
  });

  it('tells a program of a mistake in the command line as an object, too', async () => {
    const { exitCode, stdout, stderr } = await fedvox('job', 'submit', '--json');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: missing required argument 'job'\n→ Run the command with --help/,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'cli/usage', message: "missing required argument 'job'" },
    });
  });

  it('founds a consortium and refuses to found it twice', async () => {
    const init = ['consortium', 'init', '--federation', 'study', '--hosts', 'localhost', '--dir'];
    const first = await fedvox(...init, join(folder, 'consortium'), '--json');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toEqual({
      federation: 'study',
      folder: join(folder, 'consortium'),
      operatorFolder: join(folder, 'consortium-operator'),
      operatorName: 'operator',
    });
    const second = await fedvox(...init, join(folder, 'consortium'));
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(/^error: .*consortium.*\n→ /);
  });

  it('refuses a job with an unknown metric before it speaks to anybody, naming the known ones', async () => {
    const job = join(folder, 'job.yaml');
    await writeFile(job, 'name: j\nevaluation: {bestBy: accuracy}\n');
    const { exitCode, stderr } = await fedvox('job', 'submit', job);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('unknown metric "accuracy"; known metrics: dice, auc');
  });

  it('draws each usable scan of a folder into the folder of --png, and says which is which', async () => {
    const scans = join(folder, 'scans');
    await mkdir(scans);
    const affineRas = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
    const data = Float32Array.from({ length: 6 * 5 * 4 }, (_, at) => at);
    await writeNifti(join(scans, 'a.nii.gz'), { shape: [6, 5, 4], affineRas, data });
    await writeFile(join(scans, 'b.nii'), 'no scan at all');
    const pictures = join(folder, 'look', 'here');
    const { exitCode, stdout } = await fedvox('data', 'inspect', scans, '--png', pictures);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Pictures:\n {2}.*001\.png: a\.nii\.gz/);
    expect(await readdir(pictures)).toEqual(['001.png']);
    const png = await readFile(join(pictures, '001.png'));
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  });

  it.each([
    ['train', 'job.yaml', '--data', 'nowhere', '--epochs', '1'],
    ['predict', '--model', 'no-model.safetensors', '--input', 'nowhere'],
  ])(
    'says that an output cannot be written before model %s looks at anything',
    async (...words) => {
      const job = fileURLToPath(
        new URL('../../../scenarios/hippocampus-job.yaml', import.meta.url),
      );
      const at = words.map((word) => (word === 'job.yaml' ? job : word));
      const { exitCode, stderr } = await fedvox('model', ...at, '--output', folder);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^error: cannot write .*: it is a folder\n→ Choose a file/);
      await writeFile(join(folder, 'file'), '');
      const below = await fedvox('model', ...at, '--output', join(folder, 'file', 'in'));
      expect(below.stderr).toMatch(/^error: cannot make the folder of .*file.in: /);
    },
  );

  it('draws small pictures of 160 × 160 pixels into the folder of --thumbnails', async () => {
    const affineRas = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
    const data = Float32Array.from({ length: 6 * 5 * 4 }, (_, at) => at);
    await writeNifti(join(folder, 'a.nii.gz'), { shape: [6, 5, 4], affineRas, data });
    const small = join(folder, 'small');
    const { exitCode, stdout } = await fedvox('data', 'inspect', folder, '--thumbnails', small);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Pictures:\n {2}.*001-thumbnail\.png: a\.nii\.gz/);
    expect(await readdir(small)).toEqual(['001-thumbnail.png']);
    const png = await readFile(join(small, '001-thumbnail.png'));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([160, 160]);
  });

  it('says so where pictures cannot be drawn', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const { exitCode, stderr } = await fedvox('data', 'inspect', folder, '--png', join(file, 'in'));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: cannot make the folder of .*file.in.001.png: there is no .*ENOTDIR.*\n→ Choose a place/,
    );
  });

  it('holds the folder of a site’s configuration against what that says, and against a job', async () => {
    const [scans, config, job] = ['scans', 'site.yaml', 'job.yaml'].map((it) => join(folder, it));
    await mkdir(scans!);
    const grid = {
      shape: [6, 5, 4],
      affineRas: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
    } as const;
    const label = Uint8Array.from({ length: 120 }, (_, at) => at % 2);
    await writeNifti(join(scans!, 'a.nii.gz'), { ...grid, data: Float32Array.from(label) });
    await writeNifti(join(scans!, 'l.nii.gz'), { ...grid, data: label });
    const training = [{ image: 'a.nii.gz', label: 'l.nii.gz' }];
    const manifest = { modality: { 0: 'MRI' }, labels: { 1: 'Tumour' }, training };
    await writeFile(join(scans!, 'dataset.json'), JSON.stringify(manifest));
    const site = (rules: string) =>
      writeFile(config!, `site: a\nstateDir: state\ndata: {kind: msd, path: scans, ${rules}}\n`);
    const use = async (...options: string[]) => {
      const { stdout } = await fedvox('data', 'inspect', '--config', config!, '--json', ...options);
      const { scans: found, refused } = JSON.parse(stdout);
      if (found.length === 0) return refused[0].code;
      const [scan] = found;
      return scan.refusal?.code ?? scan.labels.map(({ name }: { name: string }) => name);
    };
    await site('labels: {Tumour: lesion}');
    expect(await use()).toEqual(['lesion']);
    const jobOf = (modality: string) =>
      writeFile(job!, JSON.stringify({ ...JOB, data: { modality } }));
    await jobOf('MR');
    expect(await use('--job', job!)).toEqual(['lesion']);
    await jobOf('CT');
    expect(await use('--job', job!)).toBe('learning/wrong-modality');
    await jobOf('MR');
    await site('');
    expect(await use('--job', job!)).toBe('imaging/label-classes');
    expect(await use('--job', job!, '--label', 'Tumour=lesion')).toEqual(['lesion']);
    await site('missingLabels: empty');
    expect(await use('--job', job!)).toEqual(['lesion']);
  });
});

const JOB = {
  name: 'j',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient', axes: 'RAS' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  training: { batchSize: 1, localEpochs: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: 1, minSites: 2 },
  seed: 4,
};
