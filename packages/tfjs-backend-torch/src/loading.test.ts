import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { torchAvailability } from './index.js';
import { ADDON_PATH, loadNative } from './native.js';

const home = mkdtempSync(join(tmpdir(), 'fedvox-loading-'));
afterAll(() => rmSync(home, { recursive: true }));

/** A file for each: what a process has loaded must not be written over. */
const newPath = () => join(mkdtempSync(join(home, 'build-')), 'fedvox-torch.node');

const unloadable = (reason: RegExp) =>
  expect.objectContaining({
    code: 'torch/native-unloadable',
    message: expect.stringMatching(reason),
    advice: expect.stringContaining('npm run build -w @fedvox/tfjs-backend-torch -- --force'),
  });

describe('a native part that cannot be loaded', () => {
  it('says where it was looked for and how to build it when there is none', () => {
    const load = () => loadNative('/nowhere/fedvox-torch.node');
    expect(load).toThrow(/\/nowhere\/fedvox-torch\.node does not exist/);
    expect(load).toThrow(expect.objectContaining({ code: 'torch/native-missing' }));
  });

  it('says so when the file is no native part', () => {
    const path = newPath();
    writeFileSync(path, 'not an addon');
    expect(() => loadNative(path)).toThrow(
      unloadable(/^the torch engine does not load: .*too short/),
    );
  });

  const hasCompiler = spawnSync('c++', ['--version']).status === 0;

  /** One that registers itself as Node's own interface wants it, for the first Node there was. */
  const FOR_ANOTHER_NODE = `
    struct { int version = 1; unsigned flags = 0; void* dso = 0; const char* file = "x.cc";
      void* start = 0; void* context = 0; const char* name = "x"; void* data = 0; void* next = 0; } self;
    extern "C" void node_module_register(void*);
    __attribute__((constructor)) static void start() { node_module_register(&self); }`;
  it.skipIf(!hasCompiler)('says so, on one line, when it was built for another Node', () => {
    const path = newPath();
    const args = ['-shared', '-fPIC', '-x', 'c++', '-', '-o', path];
    execFileSync('c++', args, { input: FOR_ANOTHER_NODE });
    const load = () => loadNative(path);
    expect(load).toThrow(unloadable(/different Node\.js version using NODE_MODULE_VERSION 1\. /));
    expect(load).toThrow(/^[^\n]*$/);
  });
});

/** What a process that has not loaded libtorch yet says of a native part whose bytes were changed. */
function reasonAfter(from: string, to: string, environment: NodeJS.ProcessEnv = {}): unknown {
  const built = readFileSync(ADDON_PATH, 'latin1');
  expect(to).toHaveLength(from.length);
  expect(built).toContain(from);
  const path = newPath();
  writeFileSync(path, built.replaceAll(from, to), 'latin1');
  return reasonIn({ ...environment, FEDVOX_TORCH_BUILD: dirname(path) });
}

/** What a new process says of the native part. */
function reasonIn(environment: NodeJS.ProcessEnv): unknown {
  const program = `
    import { torchAvailability } from '${new URL('../dist/index.js', import.meta.url)}';
    const { code, message, advice } = torchAvailability().reason;
    console.log(JSON.stringify({ code, message, advice }));`;
  const env = { ...process.env, ...environment };
  const args = ['--input-type=module', '--eval', program];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
}

describe.skipIf(!torchAvailability().available)('a libtorch', () => {
  const { libtorch } = JSON.parse(readFileSync(join(ADDON_PATH, '../stamp.json'), 'utf8'));

  // The loader looks into the system's own folders whatever a file says.
  const isSystems = libtorch.libDir.startsWith('/usr/lib');

  it.skipIf(isSystems)('that is no longer where it was is missed by name', () => {
    const elsewhere = `/nowhere${'/'.repeat(libtorch.libDir.length - '/nowhere'.length)}`;
    const reason = reasonAfter(libtorch.libDir, elsewhere, { LD_LIBRARY_PATH: '' });
    expect(reason).toEqual(unloadable(/libtorch_cpu\.(so|dylib)/));
  });

  it('of another version than the one built against is refused, with both', () => {
    const ended = (version: string) => `\0${version}\0`;
    const other = libtorch.version.replaceAll(/\d/g, '9');
    expect(reasonAfter(ended(libtorch.version), ended(other))).toEqual(
      unloadable(/it was built against libtorch 9\.\S+ and finds [0-8]/),
    );
  });
});

describe.skipIf(!torchAvailability().available)('an instruction set', () => {
  it('that is asked for but not there is refused, with those there are', () => {
    expect(reasonIn({ FEDVOX_TORCH_INSTRUCTION_SET: 'sve2' })).toEqual({
      code: 'torch/instruction-set-missing',
      message: expect.stringMatching(/asks for sve2, which this processor does not have$/),
      advice: expect.stringContaining('baseline, avx2, avx512 or avx512bf16'),
    });
  });
});
