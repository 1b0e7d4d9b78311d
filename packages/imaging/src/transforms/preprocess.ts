import { unreachable } from '@fedvox/base';
import type { PreprocessStep } from '@fedvox/job';
import type { Case } from '../datasets/case.js';
import { cropOrPad } from './crop-or-pad.js';
import type { Gridded } from './gridded.js';
import { zscore } from './intensity.js';
import { toRas } from './orient.js';
import { gridAtSpacing } from './resample.js';
import { sampleLinear, sampleNearest } from './sampling.js';

/**
 * Applies a job's deterministic steps in order, to image and label alike. The input is left as it is.
 * @throws FedvoxError `spacing-unusable`
 */
export function preprocess<C extends Case>(source: C, steps: readonly PreprocessStep[]): C {
  return steps.reduce(applyStep, source);
}

function applyStep<C extends Case>(source: C, step: PreprocessStep): C {
  switch (step.kind) {
    case 'orient':
      return onBoth(source, toRas);
    case 'resample': {
      const grid = gridAtSpacing(source.image, step.spacingMm);
      const image = sampleLinear(source.image, grid, 'edge');
      if (source.label === undefined) return { ...source, image };
      return { ...source, image, label: sampleNearest(source.label, grid, 'edge') };
    }
    case 'zscore':
      return { ...source, image: zscore(source.image, step.nonzero) };
    case 'crop-or-pad':
      return onBoth(source, (gridded) => cropOrPad(gridded, step.size));
    default:
      return unreachable(step);
  }
}

function onBoth<C extends Case>(source: C, action: <G extends Gridded>(gridded: G) => G): C {
  const image = action(source.image);
  if (source.label === undefined) return { ...source, image };
  return { ...source, image, label: action(source.label) };
}
