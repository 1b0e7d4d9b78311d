import type { Job } from '@fedvox/job';
import type { GateReport } from '@fedvox/protocol';
import type { Action } from '../core/machine-types.js';
import { figuresOutlook, refusalOfWithheld, tellableSummary } from '../policy/site-policy.js';
import type { ActionContext } from './actions.js';

/**
 * The answer to a data gate, as policy lets it be told. Figures that will be withheld are said so now, to both
 * sides, and not after the last round.
 * @param job unless the data was not looked at for it
 */
export function gateReport(
  { config: { policy }, log }: Pick<ActionContext, 'config' | 'log'>,
  job: Job | undefined,
  { task, outcome, validationCases, summary }: Extract<Action, { kind: 'report-gate' }>,
): GateReport {
  const figures = validationCases === null ? null : figuresOutlook(policy, validationCases);
  const about = { job: task.job, validationCases };
  if (figures === 'withheld') {
    const { minCasesForMetrics } = policy;
    const fields = { ...about, minCasesForMetrics };
    log.warn(fields, 'figures of this job will be withheld in every round');
  }
  const why = job && validationCases && refusalOfWithheld(policy, job, validationCases);
  if (why) log.warn({ ...about, why }, 'policy refuses the job');
  const said = why ? 'refused-by-policy' : outcome;
  const told = said === 'pass' ? tellableSummary(policy, summary) : undefined;
  return { job: task.job, outcome: said, figures, ...(told && { summary: told }) };
}
