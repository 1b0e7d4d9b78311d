import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sha256, sha256 } from '@fedvox/base';
import { jobOfModel } from '@fedvox/learning';
import { decodeMetadata, decodeWeights, encodeWeights } from '@fedvox/weights';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  type JobChanges,
  startTestFederation,
  type TestFederation,
  tinyJob,
  waitForJob,
} from '../support/federation.js';
import { WEIGHTS } from '../support/scripted-site.js';
import { digestOf, expectedModel } from '../support/tiny-model.js';
import { fedvox } from './command.js';

let consortium: TestConsortium;
let federation: TestFederation;
let folder: string;
beforeAll(async () => {
  consortium = await createTestConsortium();
  federation = await startTestFederation(consortium);
});
afterAll(async () => {
  await federation.stop();
  await consortium.remove();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-operator-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What the operator types, with the federation's address and certificates in the environment. */
const asOperator = (...argv: string[]) => {
  const where = ['--coordinator', federation.operatorAddress, '--consortium', consortium.folder];
  return fedvox({}, ...argv, ...where);
};

async function completed(rounds = 2, changes: JobChanges = {}): Promise<string> {
  const id = await federation.submit({ rounds, minSites: 3, ...changes });
  await workToItsEnd(id);
  return id;
}

async function workToItsEnd(id: string): Promise<void> {
  const stop = new AbortController();
  const working = federation.sites.map((site) => site.work(stop.signal));
  await waitForJob(federation.operator, id, ({ status }) => status === 'completed');
  stop.abort();
  await Promise.all(working);
}

describe('fedvox job submit', () => {
  const submit = async (...words: string[]) => {
    const path = join(folder, 'job.yaml');
    await writeFile(path, JSON.stringify(tinyJob({ rounds: 1 })));
    return asOperator('job', 'submit', path, ...words);
  };
  const idOf = ({ stdout }: { stdout: string }): string => JSON.parse(stdout).id;

  it('begins with weights from a file, and with the model of another job', async () => {
    const earlier = idOf(await submit('--json'));
    const { rounds } = await federation.operator.job(earlier);
    const path = join(folder, 'first.safetensors');
    const fetching = ['job', 'model', earlier, '--round', '0', '--output', path];
    expect(await asOperator(...fetching)).toMatchObject({ exitCode: 0 });
    const fromFile = idOf(await submit('--warm-start', path, '--json'));
    const fromJob = await submit('--warm-start-job', earlier, '--round', '0', '--json');
    const startedFrom = { kind: 'job', job: earlier, round: 0 };
    expect(JSON.parse(fromJob.stdout)).toMatchObject({ startedFrom });
    for (const id of [fromFile, idOf(fromJob)]) {
      const job = await federation.operator.job(id);
      expect(job.rounds[0]?.modelSha256).toBe(rounds[0]?.modelSha256);
    }
    const shown = async (id: string) => (await asOperator('job', 'show', id)).stdout;
    expect(await shown(fromFile)).toContain('\nBegan with weights that its operator gave it.\n');
    expect(await shown(idOf(fromJob))).toContain(
      `\nBegan with the model of round 0 of job ${earlier}.\n`,
    );
    for (const id of [earlier, fromFile, idOf(fromJob)]) await federation.operator.abortJob(id);
  });

  it('says in a dry run whom the job would invite and whether they tell figures, and hands nothing in', async () => {
    await completed(1);
    const before = await federation.operator.jobs();
    const { exitCode, stdout } = await submit('--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^tiny can be submitted; nothing was handed in/);
    for (const site of ['east', 'north', 'south']) {
      expect(stdout).toMatch(new RegExp(`^${site} +reported$`, 'm'));
    }
    const lonely = tinyJob({ minSites: 1 });
    await writeFile(join(folder, 'lonely.yaml'), JSON.stringify(lonely));
    const refused = await asOperator('job', 'submit', join(folder, 'lonely.yaml'), '--dry-run');
    expect(refused.stderr).toMatch(/^error: federation.minSites is 1; a round of one site/);
    expect(await federation.operator.jobs()).toEqual(before);
  });

  it('says so in a dry run where every site withheld its figures last', async () => {
    const id = await federation.submit({ minSites: 3 });
    for (const { client } of federation.sites) {
      await client.reportGate({ job: id, outcome: 'pass', figures: 'withheld' });
    }
    await federation.operator.abortJob(id);
    const { stdout } = await submit('--dry-run');
    expect(stdout).toMatch(/^north +withheld$/m);
    expect(stdout).toContain('no best model could be chosen');
    await completed(1);
  });

  it('refuses a model of another network by the names of what differs, and stores nothing', async () => {
    const other = await completed(1);
    const before = await federation.operator.jobs();
    const refused = await submit('--warm-start-job', other);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /does not belong to this job: it lacks model\.\S+.*; \d+ more\n→ /,
    );
    const stray = await submit('--round', '1');
    expect(stray.stderr).toMatch(/^error: --round 1 is of no job\n→ .*--warm-start-job/);
    const both = await submit('--warm-start', 'file', '--warm-start-job', other);
    expect(both.stderr).toMatch(/cannot be used with/);
    expect(await federation.operator.jobs()).toEqual(before);
  });

  it('trains on from the best model of an earlier job, and says of no other that it is', async () => {
    const earlier = await completed();
    const { best, rounds } = await federation.operator.job(earlier);
    const { round, sha256: digest } = best as { round: number; sha256: Sha256 };
    const from = { kind: 'job', job: earlier, round } as const;
    const job = tinyJob({ rounds: 1, minSites: 3 });
    const other = rounds[0]?.modelSha256 as Sha256;
    await expect(federation.operator.submitJob(job, other, from)).rejects.toMatchObject({
      code: 'coordinator/model-not-usable',
      message: expect.stringContaining(`it is not the model of round ${round} of job ${earlier}`),
    });
    const { id } = await federation.operator.submitJob(job, digest, from);
    await workToItsEnd(id);
    const path = join(folder, 'best.safetensors');
    await federation.operator.getBlob(digest, path);
    const base = decodeWeights(await readFile(path));
    const updates = Object.entries(WEIGHTS).map(([site, weight]) => ({ site, weight }));
    const trained = await federation.operator.job(id);
    expect(trained.startedFrom).toEqual(from);
    expect(trained.rounds[1]?.modelSha256).toBe(digestOf(expectedModel(base, 1, updates)));
  });
});

describe('a job that declares its selection', () => {
  it('ends when its models cease to become better, and every command says why', async () => {
    const id = await completed(9, { selection: { patience: 1, minGain: 0.15 } });
    const { stdout } = await asOperator('job', 'show', id);
    expect(stdout).toMatch(/^Job tiny-\w+: completed \(no-more-gain\), round 3 of 9\n/);
    expect(stdout).toContain('* Best model: round 3\n');
    expect((await asOperator('job', 'watch', id)).stdout).toMatch(
      /no gain since round 1's model: round 3 was the last one\n.*last evaluation done/s,
    );
    const output = join(folder, 'report.html');
    expect(await asOperator('job', 'report', id, '--output', output)).toMatchObject({
      exitCode: 0,
    });
    const page = await readFile(output, 'utf8');
    expect(page).toContain('completed (no more gain: its models had ceased to become better)');
    expect(page).toContain('no gain since the model of round 1: round 3 was the last one');
    expect(page).toContain('last evaluation');
  });
});

describe('fedvox job model', () => {
  it('writes the best model whole, with the job in it that evaluate and predict read', async () => {
    const id = await completed();
    const output = join(folder, 'new', 'best.safetensors');
    const { exitCode, stdout } = await asOperator('job', 'model', id, '--output', output, '--json');
    expect(exitCode).toBe(0);
    const best = (await federation.operator.job(id)).best as { round: number; sha256: Sha256 };
    expect(JSON.parse(stdout)).toMatchObject({ job: id, ...best, output, best: true });
    const bytes = await readFile(output);
    expect(sha256(bytes)).toBe(JSON.parse(stdout).fileSha256);
    expect(decodeMetadata(bytes)['fedvox.global_model_sha256']).toBe(best.sha256);
    expect(sha256(encodeWeights(decodeWeights(bytes)))).toBe(best.sha256);
    expect(await jobOfModel(output)).toMatchObject({ name: 'tiny', federation: { rounds: 2 } });
  });

  it('writes the model of a round where one is named, the first one too', async () => {
    const id = await completed();
    const { rounds } = await federation.operator.job(id);
    for (const round of [0, 1]) {
      const output = join(folder, `round-${round}.safetensors`);
      const words = ['job', 'model', id, '--round', `${round}`, '--output', output];
      expect(await asOperator(...words)).toMatchObject({ exitCode: 0 });
      const weights = decodeWeights(await readFile(output));
      expect(sha256(encodeWeights(weights))).toBe(rounds[round]?.modelSha256);
    }
    const none = await asOperator(
      'job',
      'model',
      id,
      '--round',
      '9',
      '--output',
      join(folder, 'n'),
    );
    expect(none).toMatchObject({ exitCode: 1, stdout: '' });
    expect(none.stderr).toMatch(
      /^error: job tiny-\w+ has no model of round 9; its last one so far is 2\n/,
    );
  });

  it('says why there is no best model yet, and leaves what stands in that place alone', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 3 });
    const output = join(folder, 'best.safetensors');
    await writeFile(output, 'an earlier model');
    const early = await asOperator('job', 'model', id, '--output', output);
    expect(early.exitCode).toBe(1);
    expect(early.stderr).toMatch(/no best model: none of its 2 rounds has ended yet\n→ .*--round/);
    expect(await readFile(output, 'utf8')).toBe('an earlier model');
    expect(await readdir(folder)).toEqual(['best.safetensors']);
    await federation.operator.abortJob(id);
  });

  it('is told by job show', async () => {
    const id = await completed(1);
    const { stdout } = await asOperator('job', 'show', id);
    expect(stdout).toContain(`  fedvox job model ${id} --output ${id}.safetensors`);
  });
});

describe('fedvox job report', () => {
  it('writes a job as one HTML file, in the language asked for, with the figures that job show has', async () => {
    const id = await completed();
    for (const [lang, heading] of [
      ['en', 'Report of job tiny'],
      ['zh', '任务 tiny 报告'],
    ] as const) {
      const output = join(folder, 'new', `${lang}.html`);
      const words = ['job', 'report', id, '--output', output, '--lang', lang];
      expect(await asOperator(...words)).toMatchObject({
        exitCode: 0,
        stdout: `Wrote ${output}: open it in a browser.\n`,
        stderr: '',
      });
      const page = await readFile(output, 'utf8');
      expect(page).toContain(`<h1>${heading}</h1>`);
      const { best, rounds } = await federation.operator.job(id);
      expect(page).toContain(`<code>${best?.sha256}</code>`);
      for (const { dice, modelSha256 } of rounds) {
        expect(page).toContain(`<td class="number">${dice?.toFixed(3)}</td>`);
        expect(page).toContain(`<td>${modelSha256}</td>`);
      }
      expect(page).not.toContain('undefined');
    }
  });

  it('asks for a language that there is, and leaves what stands in that place alone where it fails', async () => {
    const output = join(folder, 'report.html');
    await writeFile(output, 'an earlier report');
    const unknown = await asOperator('job', 'report', 'none', '--output', output);
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    const french = await asOperator('job', 'report', 'none', '--output', output, '--lang', 'fr');
    expect(french.stderr).toMatch(/Allowed choices are en, zh/);
    expect(await readFile(output, 'utf8')).toBe('an earlier report');
  });
});

describe('fedvox job watch', () => {
  it('follows a job to its end with the time and the figures of each round, in plain lines', async () => {
    const id = await federation.submit({ rounds: 2, minSites: 3 });
    const watching = asOperator('job', 'watch', id);
    const stop = new AbortController();
    const working = federation.sites.map((site) => site.work(stop.signal));
    const { exitCode, stdout, stderr } = await watching;
    stop.abort();
    await Promise.all(working);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/data gate: north pass/);
    expect(stdout).toMatch(
      /round 1 of 2 done in [\d.]+ s; the first model: Dice 0\.\d{3}.*; ends about 20/,
    );
    expect(stdout).toMatch(
      /round 2 of 2 done in [\d.]+ s; round 1's model: Dice 0\.\d{3}, AUC - \(east/,
    );
    expect(stdout).toMatch(/last evaluation done in .*; round 2's model: Dice 0\.\d{3}/);
    expect(stdout).toMatch(/Z {2}completed\n\nJob tiny-\w+: completed/);
  });

  it('tells a program every event as an object, the end last', async () => {
    const id = await completed(1);
    const { exitCode, stdout } = await asOperator('job', 'watch', id, '--json');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(exitCode).toBe(0);
    expect(lines[0]).toMatchObject({ kind: 'job-submitted', atMs: expect.any(Number) });
    const commits = lines.filter(({ kind }) => kind === 'round-committed');
    expect(commits.map(({ round, figuresOf }) => [round, figuresOf.round])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(commits[0]).toMatchObject({ durationMs: expect.any(Number), endsAboutAtMs: null });
    expect(lines.at(-1)).toMatchObject({
      kind: 'ended',
      job: id,
      status: 'completed',
      best: { round: 1 },
    });
  });

  it('ends with exit code 1 where the job did not complete', async () => {
    const id = await federation.submit({ rounds: 1, minSites: 3 });
    const watching = asOperator('job', 'watch', id);
    await federation.operator.abortJob(id);
    const { exitCode, stdout } = await watching;
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`Job ${id}: aborted`);
  });

  it('refuses a job that there is not', async () => {
    const { exitCode, stderr } = await asOperator('job', 'watch', 'none');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: there is no job none\n/);
  });
});
