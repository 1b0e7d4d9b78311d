import { resolve } from 'node:path';
import type { Job } from '@fedvox/job';
import type { EngineInfo } from '@fedvox/learning';
import { fail } from '../errors.js';
import type { CohortSpec } from './cohort-schema.js';
import { folderBelow } from './data-folders.js';
import type { ScenarioEvent } from './events.js';
import type { ScannerShift } from './scanner-shift.js';
import type { Mode, Scenario, SiteData } from './scenario.js';
import { type SitePace, USUAL_PACE } from './site-pace.js';
import type { SeededSurrogate } from './surrogate-schema.js';

/** What a person may change about a scenario without editing it, and what the machine offers. */
export interface PlanOptions {
  /** The folder that the scenario's data paths are relative to. */
  readonly dataDir?: string;
  readonly rounds?: number;
  readonly seed?: number;
  readonly mode?: Mode;
  /** The engine found on this machine for what the scenario asks. */
  readonly engine: EngineInfo['name'];
  /** Cores that all sites share. */
  readonly cores: number;
}

/** A scenario with every choice made: what the run will do, whatever machine it is on. */
export interface Plan {
  readonly scenario: string;
  readonly federation: string;
  readonly engine: PlanOptions['engine'];
  readonly device: Scenario['device'];
  readonly precision: Scenario['precision'];
  readonly threads: number;
  readonly mode: Mode;
  readonly events: readonly ScenarioEvent[];
  /** Its path is absolute. */
  readonly cohort?: CohortSpec;
  readonly surrogate?: SeededSurrogate;
  readonly job: Job;
  readonly sites: readonly PlannedSite[];
  /** Sentences about what was scaled down, for the person who started the run. */
  readonly notes: readonly string[];
}

export interface PlannedSite {
  readonly name: string;
  /** Paths are absolute; absent where the cohort gives it its cases. */
  readonly data?: SiteData;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly pace: SitePace;
  /** How its scanner differs from the one that its data are of. */
  readonly shift?: ScannerShift;
}

/**
 * @throws FedvoxError `simulator/data-option-missing`, `simulator/data-folder-missing`, `simulator/events-need-virtual-time`,
 *   `simulator/surrogate-needs-virtual-time`
 */
export function planRun(scenario: Scenario, options: PlanOptions): Plan {
  const { job, surrogate } = scenario;
  // A surrogate is as fast on any machine.
  const isSlow = options.engine === 'cpu' && surrogate === undefined;
  const smaller = isSlow ? scenario.onCpu : undefined;
  const names = scenario.sites.map((site) => site.name);
  const { mode = scenario.mode } = options;
  if (mode === 'real' && scenario.events.length > 0) {
    throw fail('events-need-virtual-time', { scenario: scenario.name });
  }
  if (mode === 'real' && surrogate !== undefined) {
    throw fail('surrogate-needs-virtual-time', { scenario: scenario.name });
  }
  const rounds = options.rounds ?? smaller?.rounds ?? job.federation.rounds;
  return {
    scenario: scenario.name,
    federation: scenario.federation,
    engine: options.engine,
    device: scenario.device,
    precision: scenario.precision,
    // On virtual time sites train one after the other, and each has all of them.
    threads:
      scenario.threads ??
      (mode === 'virtual' ? options.cores : Math.max(1, Math.floor(options.cores / names.length))),
    mode,
    events: scenario.events,
    ...(surrogate && { surrogate: { ...surrogate, seed: options.seed ?? job.seed } }),
    ...(scenario.cohort && { cohort: placeBelow(scenario.cohort, scenario.name, options.dataDir) }),
    job: {
      ...job,
      preprocess: smaller?.preprocess ?? job.preprocess,
      network: smaller?.network ?? job.network,
      federation: { ...job.federation, rounds, sites: job.federation.sites ?? names },
      seed: options.seed ?? job.seed,
    },
    sites: scenario.sites.map(({ name, data, shift, policy = {}, pace = USUAL_PACE }) => ({
      name,
      policy,
      pace,
      ...(shift && { shift }),
      ...(data && {
        data: placeData(data, scenario.name, options.dataDir, smaller?.phantomCases),
      }),
    })),
    notes:
      smaller === undefined
        ? []
        : [
            'only the slow cpu engine is available: smaller volumes, a smaller network, a shorter run',
          ],
  };
}

function placeData(
  data: SiteData,
  scenario: string,
  dataDir: string | undefined,
  phantomCases: number | undefined,
): SiteData {
  if (data.kind === 'phantom') return { ...data, cases: phantomCases ?? data.cases };
  return placeBelow(data, scenario, dataDir);
}

function placeBelow<Placed extends { readonly path: string }>(
  placed: Placed,
  scenario: string,
  dataDir: string | undefined,
): Placed {
  const { path } = placed;
  if (dataDir === undefined) throw fail('data-option-missing', { scenario, path });
  const found = folderBelow(dataDir, path);
  if (found === undefined) {
    throw fail('data-folder-missing', { scenario, path, dataDir: resolve(dataDir) });
  }
  return { ...placed, path: found };
}
