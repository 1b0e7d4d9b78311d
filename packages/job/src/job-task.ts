import { z } from 'zod';
import type { EvaluationSpec } from './metrics.js';
import { classifiesCases, type NetworkSpec } from './networks.js';
import { STRATEGY_TERMS, type StrategySpec } from './strategies.js';
import type { UnmetCondition } from './strategy-conditions.js';
import type { InferenceSpec, TrainingSpec } from './training.js';
import type { AugmentStep } from './transforms.js';

/** What a job's network is to say; of each voxel a class, segmentation, where absent. */
export const taskSchema = z.strictObject({
  /** Of each case as a whole a class. */
  kind: z.literal('classification', {
    error: 'must be classification; segmentation is what a job says nothing of',
  }),
});
export type TaskSpec = z.output<typeof taskSchema>;

/** Whether a job's classes are those of cases, and not of their voxels. */
export function isOfCases({ task }: { readonly task?: TaskSpec | undefined }): boolean {
  return task?.kind === 'classification';
}

interface Conditioned {
  readonly task?: TaskSpec | undefined;
  readonly network: NetworkSpec;
  readonly augment: readonly AugmentStep[];
  readonly training: TrainingSpec;
  readonly inference: InferenceSpec;
  readonly evaluation: EvaluationSpec;
  readonly federation: { readonly strategy: StrategySpec };
}

/** What a job would have to say otherwise for its task to mean something. */
export function taskConditions(job: Conditioned): UnmetCondition[] {
  const { network, augment, training, inference, evaluation, federation } = job;
  const unmet: UnmetCondition[] = [];
  const demand = (isMet: boolean, path: UnmetCondition['path'], message: string) => {
    if (!isMet) unmet.push({ path, message });
  };
  const { kind } = network;
  const ofNetwork = ['network', 'kind'];
  if (!isOfCases(job)) {
    const message = `is ${kind}, which says a class of a case: that is task: {kind: classification}`;
    demand(!classifiesCases(network), ofNetwork, message);
    return unmet;
  }
  demand(
    classifiesCases(network),
    ofNetwork,
    `is ${kind}, which says a class of each voxel; cases are classified by densenet`,
  );
  const { loss, patches } = training;
  demand(
    loss.kind === 'cross-entropy',
    ['training', 'loss', 'kind'],
    `is ${loss.kind}, which is of voxels; cases are classified by cross-entropy`,
  );
  const message = 'cuts patches, but a class is of the whole case';
  demand(patches === undefined, ['training', 'patches'], message);
  for (const [at, step] of augment.entries()) {
    demand(step.kind !== 'crop', ['augment', String(at), 'kind'], message);
  }
  for (const key of ['roi', 'flips', 'postprocess'] as const) {
    const message = 'is of label maps, and classification makes none';
    demand(inference[key] === undefined, ['inference', key], message);
  }
  demand(
    evaluation.bestBy === 'auc',
    ['evaluation', 'bestBy'],
    `is ${evaluation.bestBy}, which classification does not have; it has the auc`,
  );
  const { level } = evaluation.auc;
  demand(
    level === 'case',
    ['evaluation', 'auc', 'level'],
    `is ${level}; the classes here are of cases`,
  );
  const { strategy } = federation;
  demand(
    !STRATEGY_TERMS[strategy.kind].needs.dice,
    ['federation', 'strategy', 'kind'],
    `is ${strategy.kind}, which counts by each site's Dice: classification has none`,
  );
  return unmet;
}
