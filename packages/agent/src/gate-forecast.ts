import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { Refusal } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { Finding } from './check-line.js';
import type { SiteConfig } from './config.js';
import type { WorkProgress } from './core/trainer.js';
import { fail } from './errors.js';
import {
  figuresOutlook,
  refusalOfJob,
  refusalOfWithheld,
  type SitePolicy,
} from './policy/site-policy.js';
import type { StateFolder } from './state/state-folder.js';

/** What most jobs keep for validation: enough for a forecast where no job is at hand. */
const USUAL_VALIDATION_FRACTION = 0.2;
const LOWER = 'Lower policy.minCasesForMetrics, or bring more cases; the site trains all the same.';

/** Of a look at the site's data. */
export interface LookOptions {
  readonly folder: StateFolder;
  /** Gets every scan that would not be used. */
  readonly refused: Refusal[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly onProgress?: (progress: WorkProgress) => void;
}

/**
 * What the site will answer the job's data gate, found out as the gate finds it out; nothing is sent.
 * @throws FedvoxError `agent/gate-not-passed`, and whatever keeps the data from being looked at
 */
export async function describeJob(
  config: SiteConfig,
  job: Job,
  { folder, refused, clock, log, onProgress }: LookOptions,
): Promise<Finding> {
  const against = refusalOfJob(config.policy, job);
  if (against !== undefined) {
    throw fail('gate-not-passed', { job: job.name, outcome: 'refused-by-policy', why: against });
  }
  const { checkData } = await import('@fedvox/learning');
  const { data: dataset, engine, threads, device, precision, policy, site } = config;
  const report = await checkData({
    ...{ job, dataset, engine, device, precision, clock, log },
    ...(threads === undefined ? {} : { threads }),
    cacheDir: folder.cache,
    headerIndex: folder.headerIndex,
    ...(onProgress === undefined ? {} : { onProgress }),
    seedLabel: `${site}/0`,
  });
  refused.push(...report.refused);
  const [outcome] = report.problems;
  if (outcome !== undefined) {
    throw fail('gate-not-passed', { job: job.name, outcome, why: whyOf(report.refused) });
  }
  const { train, validation } = report;
  const why = refusalOfWithheld(policy, job, validation);
  if (why !== undefined) {
    throw fail('gate-not-passed', { job: job.name, outcome: 'refused-by-policy', why });
  }
  const text = `${job.name} passes: ${train} cases train, ${validation} validate`;
  return withForecast(text, policy, validation);
}

/** The most frequent reason, in the words of the first scan that has it: it names the class, the size, … */
function whyOf(refused: readonly Refusal[]): string {
  const counts = new Map<string, number>();
  for (const { code } of refused) counts.set(code, (counts.get(code) ?? 0) + 1);
  const [main] = [...counts].sort(([, a], [, b]) => b - a);
  const example = refused.find(({ code }) => code === main?.[0]);
  if (main === undefined || example === undefined) return 'no scan was found';
  return `${main[1]} refused by ${main[0]}, such as: ${example.reason}`;
}

/** Says so where figures about so few cases would be withheld in every round. */
export function withForecast(text: string, policy: SitePolicy, validation: number): Finding {
  if (figuresOutlook(policy, validation) === 'reported') return { text };
  const { minCasesForMetrics: least } = policy;
  const withheld = `its figures are withheld in every round, being about fewer than ${least} cases`;
  return { text: `${text}; ${withheld}`, advice: LOWER };
}

/** The same for a job of the usual kind, where none is at hand. */
export function forecastOf(policy: SitePolicy, cases: number): Finding | undefined {
  const validation = Math.max(1, Math.round(cases * USUAL_VALIDATION_FRACTION));
  if (figuresOutlook(policy, validation) === 'reported') return undefined;
  return withForecast(
    `a job that keeps ${USUAL_VALIDATION_FRACTION} of them for validation has ${validation}`,
    policy,
    validation,
  );
}
