import { assert, type Random, unreachable } from '@fedvox/base';
import type { AugmentStep } from '@fedvox/job';
import type { Case } from '../geometry/case.js';
import type { Vec3 } from '../geometry/vector.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';
import { randomBiasTerms, withBiasField } from './bias-field.js';
import { flipAxes } from './flip.js';
import { smoothed } from './gaussian.js';
import { gammaCorrected } from './intensity.js';
import { lowResolution } from './low-resolution.js';
import { foregroundPatch } from './patch.js';
import { displaced, randomDisplacement, warped } from './warp.js';

/**
 * Applies a job's random steps in order, to the image, and to a label that lies on its grid alike. The same stream of numbers gives
 * the same result; the input is left as it is.
 * @throws FedvoxError `patch-too-large`
 */
export function augment<C extends Case>(
  source: C,
  steps: readonly AugmentStep[],
  random: Random,
  voxels: VoxelEngine = portableVoxels,
): C {
  return steps.reduce((current, step) => applyStep(current, step, random, voxels), source);
}

function applyStep<C extends Case>(
  source: C,
  step: AugmentStep,
  random: Random,
  voxels: VoxelEngine,
): C {
  switch (step.kind) {
    case 'flip': {
      const chosen = step.axes.filter(() => random.uniform() < step.probability);
      if (chosen.length === 0) return source;
      return {
        ...source,
        image: flipAxes(source.image, chosen),
        ...(source.label && { label: flipAxes(source.label, chosen) }),
      };
    }
    case 'crop': {
      const { label } = source;
      assert(label !== undefined, 'a patch is cut from what has a label');
      return foregroundPatch({ ...source, label }, step.size, step.foreground, random);
    }
    default:
      return random.uniform() < step.probability
        ? applyChosen(source, step, random, voxels)
        : source;
  }
}

type ChosenStep = Exclude<AugmentStep, { kind: 'flip' | 'crop' }>;

/** A step whose turn has come: its parameters are drawn, and it is applied. */
function applyChosen<C extends Case>(
  source: C,
  step: ChosenStep,
  random: Random,
  voxels: VoxelEngine,
): C {
  const { image } = source;
  switch (step.kind) {
    case 'affine':
      return warped(
        source,
        {
          rotateRadians: within(step.rotateDegrees, random, (degrees) => (degrees * Math.PI) / 180),
          scale: within(step.scale, random, (change) => 1 + change),
          translateVoxels: within(step.translateVoxels, random, (each) => each),
        },
        voxels,
      );
    case 'elastic': {
      const { sigmaVoxels, magnitudeVoxels } = step;
      const offsets = randomDisplacement(image, sigmaVoxels, magnitudeVoxels, random, voxels);
      return displaced(source, offsets, voxels);
    }
    case 'noise': {
      const deviation = random.uniform() * step.standardDeviation;
      return { ...source, image: { ...image, data: voxels.noisy(image, deviation, random) } };
    }
    case 'smooth': {
      const sigmas = [0, 1, 2].map(() => between(step.sigmaVoxels, random)) as unknown as Vec3;
      return { ...source, image: { ...image, data: smoothed(image, sigmas, voxels) } };
    }
    case 'gamma':
      return { ...source, image: gammaCorrected(image, between(step.range, random), voxels) };
    case 'bias-field': {
      const terms = randomBiasTerms(step.degree, step.maxCoefficient, random);
      return { ...source, image: withBiasField(image, terms, voxels) };
    }
    case 'low-resolution':
      return { ...source, image: lowResolution(image, between(step.zoom, random), voxels) };
    default:
      return unreachable(step);
  }
}

function between([low, high]: readonly [number, number], random: Random): number {
  return low + (high - low) * random.uniform();
}

/** For each axis a value drawn evenly from ± its bound, then converted. */
function within(bounds: Vec3, random: Random, convert: (drawn: number) => number): Vec3 {
  return bounds.map((bound) => convert(bound * (2 * random.uniform() - 1))) as unknown as Vec3;
}
