import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../program.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-people-'));
  const site = 'site: north\nstateDir: state\ndata: {kind: msd, path: data}\n';
  await writeFile(join(folder, 'site.yaml'), site);
});
afterEach(() => rm(folder, { recursive: true }));

/** @param typed what a person types at a terminal, or is piped in; nobody is there where absent */
async function people(words: readonly string[], typed?: string, isTTY = false) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  const terminal = { stdout, stderr, environment: {}, ...(typed !== undefined && { stdin }) };
  const line = ['console', 'people', ...words, '--config', join(folder, 'site.yaml')];
  const told = { stdout: '', stderr: '' };
  const answers = (typed ?? '').split('\n');
  stdout.on('data', (text) => {
    told.stdout += text;
  });
  stderr.on('data', (text) => {
    told.stderr += text;
    // One answer after each question.
    if (isTTY && String(text).endsWith(': ')) stdin.write(`${answers.shift()}\n`);
  });
  if (!isTTY) stdin.end(typed);
  return { exitCode: await run(line, terminal), ...told };
}

describe('fedvox console people', () => {
  it('adds a person whose password is piped in, lists and removes them, and keeps no password', async () => {
    const added = await people(['add', 'Dr Chen', '--role', 'owner'], 'correct horse battery\n');
    expect(added).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/Dr Chen +owner/) });
    const file = join(folder, 'state', 'people.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { stdout } = await people(['list', '--json']);
    expect(JSON.parse(stdout)).toEqual({ file, people: [{ name: 'Dr Chen', role: 'owner' }] });
    expect((await people(['remove', 'dr chen'])).exitCode).toBe(0);
    expect(JSON.parse((await people(['list', '--json'])).stdout).people).toEqual([]);
  });

  it('has a person type it twice, and shows none of it', async () => {
    const typed = 'correct horse battery\ncorrect horse battery';
    const added = await people(['add', 'Dr Holm'], typed, true);
    expect(added).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Dr Holm +reviewer/),
    });
    expect(`${added.stdout}${added.stderr}`).not.toContain('horse');
    const differs = await people(['add', 'Dr Berg'], 'correct horse battery\nanother', true);
    expect(differs).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('differ') });
  });

  it('says what is lacking', async () => {
    const told = async (words: readonly string[], typed?: string) =>
      (await people(words, typed)).stderr;
    expect(await told(['add', 'Dr Chen'])).toContain('nobody is here to type the password');
    expect(await told(['add', 'Dr Chen'], 'too short\n')).toContain('12 to 256 characters');
    expect(await told(['add'], '')).toContain('nobody is named to add');
    expect(await told(['remove', 'Dr Who'])).toContain('nobody called Dr Who');
    expect(await told(['promote', 'Dr Chen'])).toContain('add, remove, list');
  });
});
