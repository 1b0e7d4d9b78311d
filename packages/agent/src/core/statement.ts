import { assert } from '@fedvox/base';
import type { UpdateStatement } from '@fedvox/protocol';
import { fedAvgWeight, type SitePolicy, withholdFigures } from '../policy/site-policy.js';
import { roundOf, type Task } from './task.js';
import type { WorkResult } from './trainer.js';

export interface StatementInput {
  readonly federation: string;
  readonly site: string;
  readonly task: Task;
  readonly result: Extract<WorkResult, { kind: 'measured' }>;
  readonly policy: SitePolicy;
  readonly counter: number;
}

/**
 * All that the coordinator will know of a round's work at this site. The counts that the result
 * holds end here: of them only the FedAvg weight goes on, from the source that policy sets.
 */
export function makeStatement(input: StatementInput): UpdateStatement {
  const { federation, site, task, result, policy, counter } = input;
  assert(
    task.work.kind !== 'check-data',
    'the data gate is answered with an enum, not a statement',
  );
  return {
    kind: 'fedvox/update/v1',
    federation,
    job: task.job,
    jobDigest: task.jobDigest,
    round: roundOf(task),
    site,
    baseModel: task.work.baseModel,
    delta: result.delta,
    weight: fedAvgWeight(policy, result.trainCases),
    figures: withholdFigures(policy, result.figures, result.validationCases),
    counter,
  };
}
