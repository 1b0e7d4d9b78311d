import { assert } from '@fedvox/base';
import type { AnyUpdateStatement, UpdateStatement } from '@fedvox/protocol';
import { fedAvgWeight, type SitePolicy, withholdFigures } from '../policy/site-policy.js';
import { roundOf, type Task } from './task.js';
import type { Delta, WorkResult } from './trainer.js';

export interface StatementInput {
  readonly federation: string;
  readonly site: string;
  readonly task: Task;
  readonly result: Extract<WorkResult, { kind: 'measured' }>;
  readonly policy: SitePolicy;
  /** Whether the job's strategy needs the number of local steps, and the coordinator reads it. */
  readonly saysSteps: boolean;
  readonly counter: number;
}

/**
 * All that the coordinator will know of a round's work at this site. The counts that the result
 * holds end here: of them only the FedAvg weight goes on, from the source that policy sets, and of an
 * update the number of local steps where the job's strategy needs it. A delta that is encoded is said to be.
 */
export function makeStatement(input: StatementInput): AnyUpdateStatement {
  const { federation, site, task, result, policy, saysSteps, counter } = input;
  assert(
    task.work.kind !== 'check-data',
    'the data gate is answered with an enum, not a statement',
  );
  const delta = result.delta && plainDelta(result.delta);
  const encoding = result.delta?.encoding;
  const first: UpdateStatement = {
    kind: 'fedvox/update/v1',
    federation,
    job: task.job,
    jobDigest: task.jobDigest,
    round: roundOf(task),
    site,
    baseModel: task.work.baseModel,
    delta,
    weight: fedAvgWeight(policy, result.trainCases),
    figures: withholdFigures(policy, result.figures, result.validationCases),
    counter,
  };
  const localSteps = (saysSteps ? result.localSteps : undefined) ?? null;
  if (delta !== null && encoding !== undefined) {
    const news = { companions: [], localSteps };
    return { ...first, ...news, kind: 'fedvox/update/v3', delta: { ...delta, encoding } };
  }
  if (localSteps === null) return first;
  return { ...first, kind: 'fedvox/update/v2', companions: [], localSteps };
}

/** As much of a delta as is told in every version. */
function plainDelta({ sha256, byteLength }: Delta): NonNullable<UpdateStatement['delta']> {
  return { sha256, byteLength };
}
