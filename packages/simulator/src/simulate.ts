import { mkdir, readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '@fedvox/base';
import { createLogger } from '@fedvox/base/system';
import type { EngineInfo } from '@fedvox/learning';
import { compareRuns, type WrittenComparison } from './comparison/compare-runs.js';
import { jobOfVariant } from './comparison/variants.js';
import { fail } from './errors.js';
import { runFolders } from './federation/folders.js';
import { LocalFederation } from './federation/local-federation.js';
import type { FedvoxCommand } from './federation/process.js';
import { runFederation } from './federation/run-federation.js';
import type { RunProgress } from './federation/run-progress.js';
import { prepareData } from './prepare-data.js';
import type { Report } from './run-report.js';
import type { CompareSpec } from './scenario/compare-schema.js';
import { type Plan, planRun } from './scenario/plan.js';
import { loadScenario, type Mode, type Scenario } from './scenario/scenario.js';
import { checkSurrogateJob } from './surrogate/surrogate-work.js';
import { sweepComparison } from './sweep/sweep-comparison.js';
import { runVirtual, type VirtualReport } from './virtual/run-virtual.js';

export interface SimulateOptions {
  /** How its processes are started. */
  readonly command: FedvoxCommand;
  /** New or empty; a new folder below `.fedvox/runs` where absent. */
  readonly out?: string;
  readonly data?: string;
  readonly rounds?: number;
  readonly seed?: number;
  /** Instead of the scenario's own. */
  readonly mode?: Mode;
  /** Whether a comparison that was cut off goes on in `out`. */
  readonly resume?: boolean;
  /** Address of the Redis server by which workers are given a comparison's pieces; they are run here where absent. */
  readonly queue?: string;
  /** Whether the run's coordinator is to serve its operator again afterwards. */
  readonly open?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

const NO_ENGINE = { name: 'cpu', description: 'none; a surrogate stands for training' } as const;

export type SimulationOutcome =
  | {
      readonly kind: 'run';
      readonly report: Report | VirtualReport;
      /** What to open in a browser, in the first language. */
      readonly page: string;
      /** Where it was asked for. */
      readonly reopened?: LocalFederation;
    }
  | ({ readonly kind: 'comparison' } & WrittenComparison);

/**
 * Runs a scenario to its report: as a federation of real processes on this machine, or in this process on virtual time.
 * @throws FedvoxError of this package, or `base/config-…` for a scenario that is not in order
 */
export async function simulateScenario(
  path: string,
  options: SimulateOptions,
): Promise<SimulationOutcome> {
  const { clock, signal, onProgress, command } = options;
  const scenario = await loadScenario(path, options.data);
  const engine = await engineFor(scenario);
  onProgress({ kind: 'step', text: `Engine: ${engine.description}` });
  const plan = planRun(scenario, {
    engine: engine.name,
    cores: availableParallelism(),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.mode === undefined ? {} : { mode: options.mode }),
  });
  const { compare } = scenario;
  if (options.resume === true) checkResumable(options.out, compare);
  if (options.open === true) checkOpenable(plan, compare);
  if (options.queue !== undefined && compare === undefined) {
    throw fail('nothing-to-queue', { scenario: scenario.name });
  }
  const jobs = (compare?.variants ?? []).map((each) => jobOfVariant(plan.job, each, plan.job.seed));
  if (plan.surrogate !== undefined) for (const job of [plan.job, ...jobs]) checkSurrogateJob(job);
  for (const text of plan.notes) onProgress({ kind: 'step', text: `Note: ${text}` });
  const folder = resolve(options.out ?? freshFolder(scenario.name, clock.nowMs()));
  await makeOutput(folder, options.resume === true);
  onProgress({ kind: 'step', text: `Everything of this run is in ${folder}` });
  const data = await prepareData(plan, runFolders(folder), options);
  const cacheDir = join(folder, 'cache');
  const surroundings = { command, folder, data, cacheDir, clock, signal, onProgress };
  if (compare !== undefined) {
    const described = { ...scenario, path, engine: engine.description };
    const { queue } = options;
    if (queue !== undefined) await sweepComparison(plan, compare, queue, surroundings);
    // After a sweep all pieces are kept, and told: what is left is to read them.
    const told = queue === undefined ? onProgress : () => undefined;
    const composing = { ...surroundings, onProgress: told };
    return { kind: 'comparison', ...(await compareRuns(plan, compare, described, composing)) };
  }
  const run = plan.mode === 'real' ? runFederation : runVirtual;
  const report = await run(plan, surroundings);
  const ended = { kind: 'run', report, page: runFolders(folder).reportPage('en') } as const;
  if (options.open !== true) return ended;
  const reopened = LocalFederation.of({ command, folder, federation: plan.federation, clock });
  await reopened.startCoordinator();
  return { ...ended, reopened };
}

/** @throws FedvoxError `simulator/nothing-to-open` */
function checkOpenable({ mode }: Plan, compare: CompareSpec | undefined): void {
  if (compare !== undefined) throw fail('nothing-to-open', { what: 'compares many' });
  if (mode !== 'real') throw fail('nothing-to-open', { what: 'is of one process, which ends' });
}

/** What trains, and a sentence about it. */
async function engineFor(scenario: Scenario): Promise<Pick<EngineInfo, 'name' | 'description'>> {
  if (scenario.surrogate !== undefined) return NO_ENGINE;
  // Heavy, and not needed to tell what is wrong with a scenario.
  const { selectEngine } = await import('@fedvox/learning');
  const log = createLogger({ name: 'simulate', level: 'warn' });
  const { engine, device, precision } = scenario;
  return selectEngine(engine, { device, precision, log });
}

/** @throws FedvoxError `simulator/nothing-to-resume` */
function checkResumable(out: string | undefined, compare: CompareSpec | undefined): void {
  if (out === undefined) throw fail('nothing-to-resume', { missing: 'no --out was given' });
  if (compare === undefined) {
    throw fail('nothing-to-resume', { missing: 'the scenario compares nothing' });
  }
}

function freshFolder(scenario: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, '-');
  return join('.fedvox', 'runs', `${scenario}-${stamp}`);
}

/** @param goesOn whether what is there of an earlier run is taken up */
async function makeOutput(path: string, goesOn: boolean): Promise<void> {
  await mkdir(path, { recursive: true });
  if (!goesOn && (await readdir(path)).length > 0) throw fail('output-not-empty', { path });
}
