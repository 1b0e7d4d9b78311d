import { type Random, unreachable } from '@fedvox/base';
import type { AugmentStep } from '@fedvox/job';
import type { LabelledCase } from '../datasets/case.js';
import { flipAxes } from './flip.js';
import { foregroundPatch } from './patch.js';

/**
 * Applies a job's random steps in order, to image and label alike. The same stream of numbers gives
 * the same result; the input is left as it is.
 * @throws FedvoxError `patch-too-large`
 */
export function augment<C extends LabelledCase>(
  source: C,
  steps: readonly AugmentStep[],
  random: Random,
): C {
  return steps.reduce((current, step) => applyStep(current, step, random), source);
}

function applyStep<C extends LabelledCase>(source: C, step: AugmentStep, random: Random): C {
  switch (step.kind) {
    case 'flip': {
      const chosen = step.axes.filter(() => random.uniform() < step.probability);
      if (chosen.length === 0) return source;
      return {
        ...source,
        image: flipAxes(source.image, chosen),
        label: flipAxes(source.label, chosen),
      };
    }
    case 'crop':
      return foregroundPatch(source, step.size, step.foreground, random);
    default:
      return unreachable(step);
  }
}
