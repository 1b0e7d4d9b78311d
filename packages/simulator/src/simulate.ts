import { mkdir, readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '@fedvox/base';
import { createLogger } from '@fedvox/base/system';
import { fail } from './errors.js';
import type { FedvoxCommand } from './federation/process.js';
import { runFederation } from './federation/run-federation.js';
import type { RunProgress } from './federation/run-progress.js';
import type { Report } from './run-report.js';
import { planRun } from './scenario/plan.js';
import { loadScenario } from './scenario/scenario.js';

export interface SimulateOptions {
  /** How its processes are started. */
  readonly command: FedvoxCommand;
  /** New or empty; a new folder below `.fedvox/runs` where absent. */
  readonly out?: string;
  readonly data?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

/**
 * Runs a scenario as a federation of real processes on this machine, to its report.
 * @throws FedvoxError of this package, or `base/config-…` for a scenario that is not in order
 */
export async function simulateScenario(path: string, options: SimulateOptions): Promise<Report> {
  const { clock, signal, onProgress, command } = options;
  const scenario = await loadScenario(path);
  // Heavy, and not needed to tell what is wrong with a scenario.
  const { selectEngine } = await import('@fedvox/learning');
  const log = createLogger({ name: 'simulate', level: 'warn' });
  const { device, precision } = scenario;
  const engine = await selectEngine(scenario.engine, { device, precision, log });
  onProgress({ kind: 'step', text: `Engine: ${engine.description}` });
  const plan = planRun(scenario, {
    engine: engine.name,
    cores: availableParallelism(),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  for (const text of plan.notes) onProgress({ kind: 'step', text: `Note: ${text}` });
  const folder = resolve(options.out ?? freshFolder(scenario.name, clock.nowMs()));
  await makeEmptyFolder(folder);
  onProgress({ kind: 'step', text: `Everything of this run is in ${folder}` });
  return runFederation(plan, { command, folder, clock, signal, onProgress });
}

function freshFolder(scenario: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, '-');
  return join('.fedvox', 'runs', `${scenario}-${stamp}`);
}

async function makeEmptyFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) throw fail('output-not-empty', { path });
}
