import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const GPU = '@tensorflow/tfjs-node-gpu';
const CPU = '@tensorflow/tfjs-node';

/**
 * The real packages fetch TensorFlow when they are installed, so others stand in for them, under their
 * names, in a folder of modules that a process of its own looks for them in. What a package does while
 * it loads is done as they do it: kernels, then the backend, which they start.
 */
let modules: string;

beforeEach(() => {
  modules = join(mkdtempSync(join(tmpdir(), 'fedvox-engine-')), 'node_modules');
  mkdirSync(join(modules, '@tensorflow'), { recursive: true });
  for (const shared of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu']) {
    const home = dirname(createRequire(import.meta.url).resolve(`${shared}/package.json`));
    symlinkSync(home, join(modules, shared));
  }
});
afterEach(() => rmSync(dirname(modules), { recursive: true }));

const REGISTER_KERNELS = `
  const tf = require('@tensorflow/tfjs-core');
  require('@tensorflow/tfjs-backend-cpu');
  for (const config of tf.getKernelsForBackend('cpu')) {
    tf.registerKernel({ ...config, backendName: 'tensorflow' });
  }`;
const START_BACKEND = `
  const withoutBanner = { firstUse: false };
  const start = () => Object.assign(tf.findBackendFactory('cpu')(), withoutBanner);
  tf.registerBackend('tensorflow', start, 3);
  if (!tf.setBackend('tensorflow')) throw new Error('Could not initialize TensorFlow backend.');`;
const WORKING = REGISTER_KERNELS + START_BACKEND;
const LACKS_BINDING = `${REGISTER_KERNELS}
  throw new Error("Cannot find the addon (tfjs_binding.node)\\nmore lines");`;
const LACKS_DRIVER = `${REGISTER_KERNELS}
  tf.registerBackend('tensorflow', () => { throw new Error('no driver'); }, 3);
  throw new Error('Could not initialize TensorFlow backend.');`;

function install(packageName: string, source: string): void {
  const folder = join(modules, packageName);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: packageName }));
  writeFileSync(join(folder, 'index.js'), source);
}

interface Outcome {
  readonly name?: string;
  readonly description?: string;
  readonly error?: { code: string; message: string; advice: string };
  readonly said: { level: string; engine?: string; reason?: string; text: string }[];
  /** What tfjs computes on afterwards, and a sum by it. */
  readonly backend: string;
  readonly sum: number;
  /** What was written to the console. */
  readonly noise: string;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILT = new URL('../../dist/index.js', import.meta.url).href;

/** Makes Node look for tfjs-node in the folder of modules, with all that it says where there is none. */
const hooksFor = (folder: string) => `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export const resolve = (specifier, context, next) => specifier.startsWith('${CPU}')
      ? next(specifier, { ...context, parentURL: '${pathToFileURL(folder)}/' })
      : next(specifier, context);\`));`;

/** Selects an engine, twice where `again`, in a process without libtorch. */
function select(engine: string, { device = 'auto', again = false } = {}): Outcome {
  const program = `
    import { selectEngine } from '${BUILT}';
    import * as tf from '@tensorflow/tfjs-core';
    const [said, noise] = [[], []];
    for (const method of ['log', 'warn', 'error']) console[method] = (line) => noise.push(line);
    const at = (level) => ({ engine, reason }, text) => said.push({ level, engine, reason, text });
    const options = { device: '${device}', log: { info: at('info'), warn: at('warn') } };
    const result = await selectEngine('${engine}', options)
      .then((first) => ${again} ? selectEngine('${engine}', options) : first)
      .catch(({ code, message, advice }) => ({ error: { code, message, advice } }));
    const backend = tf.getBackend();
    const sum = result.error ? null : tf.sum([1, 2]).dataSync()[0];
    process.stdout.write(JSON.stringify({ ...result, said, backend, sum, noise: noise.join() }));`;
  const hooks = `data:text/javascript,${encodeURIComponent(hooksFor(modules))}`;
  const args = ['--import', hooks, '--input-type=module', '--eval', program];
  const env = { ...process.env, FEDVOX_TORCH_BUILD: '/nowhere' };
  return JSON.parse(execFileSync(process.execPath, args, { cwd: HERE, env, encoding: 'utf8' }));
}

describe('an installed tfjs-node', () => {
  it.each(['tensorflow', 'auto'])('is taken by `%s` where libtorch is not', (engine) => {
    install(CPU, WORKING);
    const outcome = select(engine);
    expect(outcome).toMatchObject({ name: 'tensorflow', backend: 'tensorflow', sum: 3 });
    expect(outcome.description).toBe(`TensorFlow by ${CPU}`);
    expect(outcome.said.at(-1)!.text).toBe(`engine ready: TensorFlow by ${CPU}`);
  });

  it('comes after tfjs-node-gpu, but for those who want the processor', () => {
    install(GPU, WORKING);
    install(CPU, WORKING);
    expect(select('auto').description).toBe(`TensorFlow by ${GPU}`);
    expect(select('tensorflow', { device: 'cpu' }).description).toBe(`TensorFlow by ${CPU}`);
  });

  it.each([
    {
      broken: 'lacks its native part',
      source: LACKS_BINDING,
      reason: /Cannot find the addon \(tfjs_binding\.node\)$/,
    },
    {
      broken: 'lacks a driver',
      source: LACKS_DRIVER,
      reason: /Could not initialize TensorFlow backend\.$/,
    },
    {
      broken: 'lacks a module',
      source: "require('no-such-module');",
      reason: /Cannot find module 'no-such-module'$/,
    },
  ])('stands in for a tfjs-node-gpu that $broken, and says why', ({ source, reason }) => {
    install(GPU, source);
    install(CPU, WORKING);
    const outcome = select('tensorflow', { again: true });
    expect(outcome).toMatchObject({ name: 'tensorflow', backend: 'tensorflow', sum: 3, noise: '' });
    expect(outcome.description).toBe(`TensorFlow by ${CPU}`);
    const why = outcome.said.filter(({ text }) => text === 'engine not available');
    expect(why).toHaveLength(2);
    for (const line of why) {
      expect(line).toMatchObject({ level: 'info', engine: 'tensorflow' });
      expect(line.reason).toMatch(reason);
      expect(line.reason).toContain(`${GPU} is installed but does not start`);
    }
  });

  it('is refused by name where none starts, with each reason and what to do', () => {
    install(CPU, LACKS_BINDING);
    expect(select('tensorflow').error).toEqual({
      code: 'learning/engine-unavailable',
      message: `the tensorflow engine cannot be used: ${GPU} is not installed; ${CPU} is installed but does not start: Cannot find the addon (tfjs_binding.node)`,
      advice: expect.stringContaining(`Install ${CPU} again`),
    });
  });

  it('is done without by `auto`: plain JavaScript computes, and the log says why', () => {
    install(GPU, LACKS_DRIVER);
    const outcome = select('auto');
    expect(outcome).toMatchObject({ name: 'cpu', backend: 'cpu', sum: 3 });
    expect(outcome.said.map(({ level, engine }) => `${level} ${engine}`)).toEqual([
      'info torch',
      'info tensorflow',
      'info tensorflow',
      'warn cpu',
    ]);
    expect(outcome.said[0]!.reason).toContain('the torch engine is not built');
    expect(outcome.said[2]!.reason).toBe(`${CPU} is not installed`);
  });
});
