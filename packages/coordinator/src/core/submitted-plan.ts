import { MAX_WEIGHT } from '@fedvox/protocol';
import type { JobPlan } from './job-state.js';

/** How long the gate waits where the job does not say; never longer than a round may take. */
const DEFAULT_GATE_MS = 15 * 60_000;

/** What a submission may leave open. */
type OpenPlan = Pick<
  JobPlan,
  'gateMs' | 'graceMs' | 'laterSites' | 'strategy' | 'maxShare' | 'maxExamples'
>;
export type SubmittedPlan = Omit<JobPlan, keyof OpenPlan> & Partial<OpenPlan>;

export function completePlan(plan: SubmittedPlan): JobPlan {
  const gateMs = Math.min(DEFAULT_GATE_MS, plan.deadlineMs);
  const weights = { maxShare: null, maxExamples: MAX_WEIGHT };
  const averaging = { strategy: { kind: 'fedavg' }, ...weights } as const;
  return { gateMs, graceMs: null, laterSites: [], ...averaging, ...plan };
}
