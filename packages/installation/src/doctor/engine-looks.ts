import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@fedvox/base';
import type { OwnRelease } from '../own-release.js';
import type { Symptom } from './doctor-finding.js';
import type { EngineOrder, EngineProbe } from './engine-probe.js';

/** A machine under load takes seconds to load libtorch. */
const PROBE_TIMEOUT_MS = 120_000;
const NVIDIA_DRIVER = '/proc/driver/nvidia/version';

export interface ProbeSurroundings {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Tries the engine in a process of its own. Never throws for what is wrong with it. */
export async function probeEngine(
  order: EngineOrder,
  { clock, environment }: ProbeSurroundings,
): Promise<EngineProbe> {
  const child = spawn(process.execPath, [entryPath(), JSON.stringify(order)], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = clock.after(PROBE_TIMEOUT_MS, () => child.kill('SIGKILL'));
  let [said, complaint] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  timer.cancel();
  if (code === 0) return JSON.parse(said) as EngineProbe;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  const last = complaint.trim().split('\n').at(-1) ?? '';
  return {
    kind: 'failed',
    message: `what tried the engine ended ${how}${last === '' ? '' : `: ${last}`}`,
    advice:
      signal === 'SIGILL'
        ? 'This processor lacks an instruction that libtorch was compiled for: set FEDVOX_LIBTORCH to a libtorch for it.'
        : 'Report it with what this says of processor, system and memory.',
  };
}

/** Whether training has what it needs; a coordinator needs no engine. */
export function engineSymptom(
  probe: EngineProbe,
  { engine }: EngineOrder,
  own: OwnRelease | undefined,
  environment: ProbeSurroundings['environment'],
): Symptom {
  if (probe.kind === 'failed') {
    return { state: 'failure', text: probe.message, advice: probe.advice };
  }
  const { name, description, libtorch, lack } = probe;
  const origin = libtorch === null ? '' : `; libtorch is ${originOf(libtorch, own, environment)}`;
  const text = `${name}: ${description}${origin}`;
  if (name !== 'cpu' || engine === 'cpu') return { state: 'ok', text };
  return {
    state: 'warning',
    text: `${text}, some hundred times slower than libtorch, because ${lack ?? 'libtorch is not there'}`,
    advice: libtorchAdvice(own),
  };
}

function libtorchAdvice(own: OwnRelease | undefined): string {
  if (own === undefined) return 'Run `npm run setup` and read what it says of the torch engine.';
  const { libtorch, hasLibtorch } = own;
  if (hasLibtorch) return 'Unpack the archive again: its libtorch is not whole.';
  return `Install the release that brings libtorch along; or set FEDVOX_LIBTORCH to a libtorch ${libtorch}, which may be the folder of Python's torch.`;
}

/** Whose it is, and where it lies. */
function originOf(
  libtorch: string,
  own: OwnRelease | undefined,
  environment: ProbeSurroundings['environment'],
): string {
  const named = environment['FEDVOX_LIBTORCH'];
  if (named && isWithin(libtorch, named)) return `that of FEDVOX_LIBTORCH (${libtorch})`;
  if (own !== undefined && isWithin(libtorch, own.folder)) return "this release's own";
  if (libtorch.includes(`${sep}.fedvox${sep}venv${sep}`)) return "that of this clone's set-up";
  return `the machine's (${libtorch})`;
}

function isWithin(path: string, folder: string): boolean {
  return existsSync(folder) && realpathSync(path).startsWith(`${realpathSync(folder)}${sep}`);
}

export function gpuSymptom(probe: EngineProbe): Symptom {
  const gpus = probe.kind === 'ready' ? probe.gpus : 0;
  if (gpus > 0) return { state: 'ok', text: `libtorch can use ${gpus}` };
  if (!existsSync(NVIDIA_DRIVER)) return { state: 'ok', text: "none with NVIDIA's driver" };
  return {
    state: 'warning',
    text: "NVIDIA's driver is here, but libtorch uses no GPU",
    advice:
      'Have a release made against a libtorch with CUDA, or compile a clone against one (FEDVOX_LIBTORCH, then npm run setup).',
  };
}

/** Beside this file where it is compiled; in the build where it is read from source. */
function entryPath(): string {
  const here = fileURLToPath(new URL('./engine-probe-entry.js', import.meta.url));
  return here.replace(/([\\/])src([\\/]doctor[\\/]engine-probe-entry\.js)$/, '$1dist$2');
}
