import { figuresOf, metricTitles } from '@fedvox/job';
import { decodeUpdateStatement, type Envelope } from '@fedvox/protocol';
import type { StatementInput } from '../core/statement.js';
import { roundOf, type Task } from '../core/task.js';
import { figuresOutlook } from '../policy/site-policy.js';
import type { ActionContext } from './actions.js';

/**
 * Tells the people at the site what the coordinator will read of the model that the round began with:
 * the very figures signed, and beside them, in the diary alone, those that were measured.
 */
export function tellFigures(
  { log, config: { policy }, record }: Pick<ActionContext, 'log' | 'config' | 'record'>,
  task: Task,
  result: StatementInput['result'],
  { payload }: Envelope,
): void {
  const { figures: told, weight } = decodeUpdateStatement(payload);
  const { minCasesForMetrics } = policy;
  const { trainCases, validationCases } = result;
  const about = { job: task.job, round: roundOf(task) };
  const withheld = figuresOutlook(policy, validationCases) === 'withheld';
  record.write({
    kind: 'figures',
    ...about,
    measured: figuresOf(result.figures),
    told,
    ...{ trainCases, validationCases, minCasesForMetrics, withheld },
    weight: weight.value,
    weightSource: weight.source,
  });
  if (withheld) {
    const fields = { ...about, validationCases, minCasesForMetrics };
    log.info(fields, `${metricTitles()} withheld`);
  } else {
    log.info({ ...about, ...told }, `${metricTitles()} of the model so far, as sent`);
  }
}
