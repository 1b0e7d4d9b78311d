import { unreachable } from '@fedvox/base';
import type { PreprocessStep } from '@fedvox/job';
import type { Case, ScannedCase } from '../geometry/case.js';
import type { Grid, LabelMap } from '../geometry/grid.js';
import { valuesOf } from '../geometry/stored-volume.js';
import type { Vec3 } from '../geometry/vector.js';
import type { Gridded } from '../voxel-engine/gridded.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';
import { foregroundBox } from './crop-foreground.js';
import { caseWindow, cropOrPad } from './crop-or-pad.js';
import { sampleLinear, sampleNearest } from './grid-sampling.js';
import { intensityRange, percentileClip, standardizeHistogram, zscore } from './intensity.js';
import { rasGrid, toRas } from './orient.js';
import { gridAtSpacing } from './resample.js';

/**
 * Applies a job's deterministic steps in order, to image and label alike. The input is left as it is.
 * @throws FedvoxError `spacing-unusable`
 */
export function preprocess<C extends ScannedCase>(
  source: C,
  steps: readonly PreprocessStep[],
  voxels: VoxelEngine = portableVoxels,
): C & Case {
  let current: C = source;
  for (let at = 0; at < steps.length; at++) {
    const [step, next] = [steps[at] as PreprocessStep, steps[at + 1]];
    if (step.kind === 'orient' && next?.kind === 'resample') {
      current = resample(current, rasGrid(current.image), toRas, next.spacingMm, voxels);
      at++;
    } else if (step.kind === 'resample') {
      current = resample(current, current.image, (label) => label, step.spacingMm, voxels);
    } else {
      current = applyStep(byValues(current), step);
    }
  }
  return byValues(current);
}

/** Steps but resampling, which reads what is stored, work on values. */
function byValues<C extends ScannedCase>(source: C): C & Case {
  return { ...source, image: valuesOf(source.image) };
}

type ValueStep = Exclude<PreprocessStep, { kind: 'resample' }>;

function applyStep<C extends Case>(source: C, step: ValueStep): C {
  switch (step.kind) {
    case 'orient':
      return onBoth(source, toRas);
    case 'zscore':
      return { ...source, image: zscore(source.image, step.nonzero) };
    case 'intensity-range':
      return { ...source, image: intensityRange(source.image, step.from, step.to, step.clip) };
    case 'percentile-clip': {
      const { lower, upper, nonzero } = step;
      return { ...source, image: percentileClip(source.image, lower, upper, nonzero) };
    }
    case 'standardize-histogram': {
      const { percentiles, landmarks } = step;
      return { ...source, image: standardizeHistogram(source.image, percentiles, landmarks) };
    }
    case 'crop-foreground': {
      const { start, size } = foregroundBox(source.image, step.above, step.marginVoxels);
      return caseWindow(source, start, size);
    }
    case 'crop-or-pad':
      return onBoth(source, (gridded) => cropOrPad(gridded, step.size));
    default:
      return unreachable(step);
  }
}

/**
 * Resamples along the axes of `along`. An image need not be copied into the order of those axes: linear
 * sampling gives the same from any. A label is, because which voxel is nearest at a half depends on it.
 */
function resample<C extends ScannedCase>(
  source: C,
  along: Grid,
  orientLabel: (label: LabelMap) => LabelMap,
  spacingMm: Vec3,
  voxels: VoxelEngine,
): C & Case {
  const grid = gridAtSpacing(along, spacingMm);
  const image = sampleLinear(source.image, grid, 'edge', voxels);
  if (source.label === undefined) return { ...source, image };
  const label = sampleNearest(orientLabel(source.label), grid, 'edge', voxels);
  return { ...source, image, label };
}

function onBoth<C extends Case>(source: C, action: <G extends Gridded>(gridded: G) => G): C {
  const image = action(source.image);
  if (source.label === undefined) return { ...source, image };
  return { ...source, image, label: action(source.label) };
}
