import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const contract = join(repository, 'proto');
const generated = join(repository, 'packages', 'protocol', 'src', 'generated');

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'fedvox-contract-'));
});
afterEach(() => rm(scratch, { recursive: true }));

/** Exit status 0, or what buf complains of. */
function buf(folder: string, ...args: string[]): string {
  const executable = join(repository, 'node_modules', '.bin', 'buf');
  const { status, stdout, stderr } = spawnSync(executable, args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

async function alteredContract(from: string, to: string): Promise<string> {
  const folder = join(scratch, 'proto');
  await cp(contract, folder, { recursive: true });
  const file = join(folder, 'fedvox', 'v1', 'federation.proto');
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
  return folder;
}

describe('the wire contract', () => {
  it('passes buf’s lint', () => {
    expect(buf(contract, 'lint')).toBe('');
  });

  it('breaks no peer that speaks the recorded baseline', () => {
    expect(buf(contract, 'breaking', '--against', 'baseline.json')).toBe('');
  });

  it.each([
    ['a field that changes its number', 'uint64 offset = 1;', 'uint64 offset = 9;'],
    ['a field that changes its type', 'bool still_wanted = 1;', 'string still_wanted = 1;'],
    ['a value that is gone', '  AGENT_STATE_UPLOADING = 5;\n', ''],
  ])('would not be let break: %s is found', async (_, from, to) => {
    const folder = await alteredContract(from, to);
    expect(buf(folder, 'breaking', '--against', 'baseline.json')).not.toBe('');
  });

  it('may grow', async () => {
    const from = 'bool still_wanted = 1;';
    const folder = await alteredContract(from, `${from}\n  uint32 patience_ms = 2;`);
    expect(buf(folder, 'breaking', '--against', 'baseline.json')).toBe('');
  });

  it('is what the generated code was made from', async () => {
    // The template's outputs are relative to this folder, as they are to proto/.
    const base = join(scratch, 'proto');
    const plugin = join(repository, 'node_modules', '.bin', 'protoc-gen-ts_proto');
    const template = await readFile(join(contract, 'buf.gen.yaml'), 'utf8');
    const copy = join(scratch, 'buf.gen.yaml');
    await writeFile(copy, template.replace(/local: .*/, `local: ${plugin}`));
    expect(buf(contract, 'generate', '--template', copy, '--output', base)).toBe('');
    const fresh = join(scratch, 'packages', 'protocol', 'src', 'generated');
    const names = (await readdir(generated, { recursive: true })).filter((n) => n.endsWith('.ts'));
    expect(names).not.toEqual([]);
    for (const name of names) {
      expect(await readFile(join(generated, name), 'utf8')).toBe(
        await readFile(join(fresh, name), 'utf8'),
      );
    }
  });
});
