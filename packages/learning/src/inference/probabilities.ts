import type { Volume } from '@fedvox/imaging';
import type { InferenceSpec, Size } from '@fedvox/job';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import type { Network } from '../networks/network.js';
import { classVolumes, imageTensor } from '../tensors.js';
import { type Origin, sharedRows } from './rows.js';
import { gaussianWeights, windowStarts } from './windows.js';

/** What inference needs of a network. */
export type Predictor = Pick<Network, 'logits' | 'divisor'>;

/**
 * What the network makes of a whole volume: per class, the probability at every voxel. With a `roi`,
 * overlapping windows of that size are blended by Gaussian weights, Σw·p/Σw; without one, the volume
 * goes through at once. Where it is smaller than a window, or than what the network divides, it lies
 * in the middle of zeros.
 *
 * @param image preprocessed as the job says
 * @returns one volume per class, on the image's grid, summing to 1 at every voxel
 * @throws FedvoxError `learning/size-not-divisible` where the job's roi does not suit its network
 */
export async function predictProbabilities(
  network: Predictor,
  image: Volume,
  { roi, overlap }: InferenceSpec,
): Promise<Volume[]> {
  const window = roi ?? wholeVolume(image, network.divisor);
  if (window.some((size) => size % network.divisor !== 0)) {
    throw fail('size-not-divisible', { size: window.join('×'), divisor: network.divisor });
  }
  const origins = windowOrigins(image, window, overlap);
  const weights = origins.length === 1 ? undefined : gaussianWeights(window);
  const blend = new Blend(image, window, weights);
  for (const origin of origins) {
    const patch = cutOut(image, window, origin);
    blend.add(await patchProbabilities(network, patch), origin);
  }
  return blend.result();
}

function wholeVolume({ shape }: Volume, divisor: number): Size {
  return shape.map((size) => Math.ceil(size / divisor) * divisor) as Size;
}

/** Origins of the windows; negative where the volume is smaller than one. */
function windowOrigins({ shape }: Volume, window: Size, overlap: number): Origin[] {
  const [xs, ys, zs] = shape.map((length, axis) => {
    const roi = window[axis] as number;
    if (length <= roi) return [-Math.floor((roi - length) / 2)];
    return windowStarts(length, roi, overlap);
  }) as [number[], number[], number[]];
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Origin => [x, y, z])));
}

/** A window's voxels, 0 outside the volume. */
function cutOut(image: Volume, window: Size, origin: Origin): Volume {
  const data = new Float32Array(window[0] * window[1] * window[2]);
  sharedRows(image.shape, window, origin, (from, to, length) => {
    data.set(image.data.subarray(from, from + length), to);
  });
  return { shape: window, affineRas: image.affineRas, data };
}

async function patchProbabilities(network: Predictor, patch: Volume): Promise<Volume[]> {
  const probabilities = tf.tidy(() =>
    tf.squeeze<tf.Tensor4D>(tf.softmax(network.logits(imageTensor([patch]))), [0]),
  );
  try {
    return await classVolumes(probabilities, patch);
  } finally {
    probabilities.dispose();
  }
}

/** Adds up windows over a volume; a voxel's result is the weighted mean of the windows that saw it. */
class Blend {
  readonly #image: Volume;
  readonly #window: Size;
  readonly #weights: Float32Array | undefined;
  readonly #total: Float32Array;
  #sums: Float32Array[] = [];

  /** @param weights of a window's voxels; all 1 where absent */
  constructor(image: Volume, window: Size, weights: Float32Array | undefined) {
    this.#image = image;
    this.#window = window;
    this.#weights = weights;
    this.#total = new Float32Array(image.data.length);
  }

  add(classes: readonly Volume[], origin: Origin): void {
    if (this.#sums.length === 0) {
      this.#sums = classes.map(() => new Float32Array(this.#image.data.length));
    }
    this.#sums.forEach((sum, index) => {
      this.#accumulate(sum, (classes[index] as Volume).data, origin);
    });
    this.#accumulate(this.#total, undefined, origin);
  }

  result(): Volume[] {
    const { shape, affineRas } = this.#image;
    return this.#sums.map((sum) => {
      const data = sum.map((value, voxel) => value / (this.#total[voxel] as number));
      return { shape, affineRas, data };
    });
  }

  #accumulate(sum: Float32Array, values: Float32Array | undefined, origin: Origin): void {
    const weights = this.#weights;
    sharedRows(this.#image.shape, this.#window, origin, (to, from, length) => {
      for (let step = 0; step < length; step++) {
        const weight = weights === undefined ? 1 : (weights[from + step] as number);
        const value = values === undefined ? 1 : (values[from + step] as number);
        sum[to + step] = (sum[to + step] as number) + weight * value;
      }
    });
  }
}
