import { nextTurn } from '@fedvox/base';
import type { Volume } from '@fedvox/imaging';
import { divisorText, type InferenceSpec, isMultiple, type Size, sizeText } from '@fedvox/job';
import { addToRegion } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import type { Network } from '../networks/network.js';
import { classVolumes, networkInput, storedMaps, storedTensor } from '../tensors.js';
import { gaussianWeights, windowStarts } from './windows.js';

/** What inference needs of a network. */
export type Predictor = Pick<Network, 'logits' | 'divisor'>;

/**
 * Voxels that go through the network in one call, or one window where that has more. Two windows of 64³
 * fill a processor; four took more memory and no less time.
 */
const MAX_CALL_VOXELS = 2 ** 19;

/** First voxel of a window along z, y and x: the order of tensors that lie as volumes do. */
type Begin = readonly [number, number, number];

/**
 * What the network makes of a whole volume: per class, the probability at every voxel. With a `roi`,
 * overlapping windows of that size are blended by Gaussian weights, Σw·p/Σw; without one, the volume
 * goes through at once. Where it is smaller than a window, or than what the network divides, it lies
 * in the middle of zeros. The engine holds volume and sums; what comes back is the result alone.
 *
 * With `flips` it is the mean over the volume and its mirror images along every set of these axes, each brought back.
 *
 * @param image preprocessed as the job says
 * @returns one volume per class, on the image's grid, summing to 1 at every voxel
 * @throws FedvoxError `learning/size-not-divisible` where the job's roi does not suit its network,
 *   `learning/prediction-not-finite`
 */
export async function predictProbabilities(
  network: Predictor,
  image: Volume,
  { roi, overlap, flips = [] }: Pick<InferenceSpec, 'roi' | 'overlap' | 'flips'>,
): Promise<Volume[]> {
  const window = roi ?? wholeVolume(image, network.divisor);
  if (!isMultiple(window, network.divisor)) {
    const divisor = divisorText(network.divisor);
    throw fail('size-not-divisible', { size: sizeText(window), divisor });
  }
  const volume = paddedVolume(image, window);
  const mirrorings = subsetsOf(flips.map((axis) => AXES.indexOf(axis)));
  let sum: tf.Tensor4D | undefined;
  try {
    for (const axes of mirrorings) {
      const seen = mirrored(volume, axes);
      const maps = await blended(network, seen, window, overlap).finally(() => seen.dispose());
      const before = sum;
      sum = tf.tidy(() => {
        const classFirst = axes.map((axis) => axis + 1);
        const back = mirrored(maps, classFirst);
        return before === undefined ? back : tf.add(before, back);
      });
      tf.dispose([maps, ...(before === undefined ? [] : [before])]);
    }
    const mean = tf.tidy(() => {
      const whole = sum as tf.Tensor4D;
      const maps = mirrorings.length === 1 ? whole : tf.div(whole, mirrorings.length);
      return withoutPadding(maps as tf.Tensor4D, image, window);
    });
    sum?.dispose();
    const volumes = await classVolumes(mean, image).finally(() => mean.dispose());
    checkNumbers(volumes);
    return volumes;
  } finally {
    volume.dispose();
    sum?.dispose();
  }
}

/** The axes of tensors that lie as volumes do. */
const AXES = ['z', 'y', 'x'] as const;

/** Copies nothing where there is nothing to mirror. */
function mirrored<T extends tf.Tensor>(tensor: T, axes: readonly number[]): T {
  return axes.length === 0 ? tf.clone(tensor) : tf.reverse(tensor, [...axes]);
}

/** The empty one first. */
function subsetsOf(axes: readonly number[]): number[][] {
  return Array.from({ length: 2 ** axes.length }, (_, subset) =>
    axes.filter((_axis, bit) => (subset & (1 << bit)) !== 0),
  );
}

/** Windows over one volume, blended: [classes, Z, Y, X]. */
async function blended(
  network: Predictor,
  volume: tf.Tensor3D,
  window: Size,
  overlap: number,
): Promise<tf.Tensor4D> {
  const begins = windowBegins(volume.shape, window, overlap);
  const blend = new Blend(volume.shape, window, begins.length);
  try {
    const together = windowsPerCall(window);
    for (let first = 0; first < begins.length; first += together) {
      blend.add(network, volume, begins.slice(first, first + together));
      // A call blocks the thread; messages come in between two of them.
      await nextTurn();
    }
    return tf.tidy(() => tf.clone(blend.result()));
  } finally {
    blend.dispose();
  }
}

/** A softmax is a number in every class of a voxel or in none. */
function checkNumbers([first]: readonly Volume[]): void {
  const { data } = first as Volume;
  const voxels = data.reduce((count, value) => (Number.isNaN(value) ? count + 1 : count), 0);
  if (voxels > 0) throw fail('prediction-not-finite', { voxels, total: data.length });
}

function wholeVolume({ shape }: Volume, divisor: Size): Size {
  return shape.map((length, axis) => {
    const multiple = divisor[axis] as number;
    return Math.ceil(length / multiple) * multiple;
  }) as Size;
}

function windowsPerCall([nx, ny, nz]: Size): number {
  return Math.max(1, Math.floor(MAX_CALL_VOXELS / (nx * ny * nz)));
}

/** Zeros before and after the volume along z, y and x, where it is smaller than a window. */
function paddingOf({ shape }: Volume, window: Size): [number, number][] {
  const along = shape.map((length, axis): [number, number] => {
    const missing = Math.max(0, (window[axis] as number) - length);
    return [Math.floor(missing / 2), Math.ceil(missing / 2)];
  });
  return along.reverse();
}

/** @returns [Z, Y, X], at least as large as a window */
function paddedVolume(image: Volume, window: Size): tf.Tensor3D {
  const padding = paddingOf(image, window);
  return tf.tidy(() => tf.pad(storedTensor(image), padding));
}

/** What of [classes, Z, Y, X] belongs to the image. */
function withoutPadding(maps: tf.Tensor4D, image: Volume, window: Size): tf.Tensor4D {
  const [nx, ny, nz] = image.shape;
  const begin = paddingOf(image, window).map(([before]) => before);
  return tf.slice(maps, [0, ...begin], [-1, nz, ny, nx]);
}

function windowBegins(volume: readonly number[], window: Size, overlap: number): Begin[] {
  const [zs, ys, xs] = window
    .toReversed()
    .map((roi, axis) => windowStarts(volume[axis] as number, roi, overlap)) as [
    ...[number[], number[], number[]],
  ];
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((x): Begin => [z, y, x])));
}

/** Adds up windows over a volume; a voxel's result is the weighted mean of the windows that saw it. */
class Blend {
  readonly #shape: tf.Tensor3D['shape'];
  readonly #size: Begin;
  /** Of a window's voxels, [wz, wy, wx]; absent where there is but one window. */
  readonly #weights: tf.Tensor3D | undefined;
  /** Σw·p, [classes, Z, Y, X]. */
  #sums: tf.Tensor4D | undefined;
  /** Σw, [Z, Y, X]. */
  #total: tf.Tensor3D | undefined;

  constructor(volume: tf.Tensor3D['shape'], window: Size, windows: number) {
    this.#shape = volume;
    this.#size = window.toReversed() as unknown as Begin;
    if (windows > 1) this.#weights = tf.tensor3d(gaussianWeights(window), [...this.#size]);
  }

  add(network: Predictor, volume: tf.Tensor3D, begins: readonly Begin[]): void {
    tf.tidy(() => {
      const windows = begins.map((begin) => tf.slice(volume, [...begin], [...this.#size]));
      const logits = network.logits(networkInput(tf.stack(windows) as tf.Tensor4D));
      const maps = storedMaps(tf.softmax(logits));
      const weighted: tf.Tensor5D =
        this.#weights === undefined ? maps : tf.mul(maps, this.#weights);
      for (const [index, begin] of begins.entries()) this.#include(weighted, index, begin);
    });
  }

  /** [classes, Z, Y, X]; at least one window has been added. */
  result(): tf.Tensor4D {
    const sums = this.#sums as tf.Tensor4D;
    return this.#total === undefined ? sums : tf.div(sums, this.#total);
  }

  /** Safe to repeat. */
  dispose(): void {
    for (const tensor of [this.#weights, this.#sums, this.#total]) tensor?.dispose();
    this.#sums = undefined;
    this.#total = undefined;
  }

  #include(weighted: tf.Tensor5D, index: number, begin: Begin): void {
    const [, classes, ...size] = weighted.shape;
    const patch = tf.reshape(tf.slice(weighted, index, 1), [classes, ...size]) as tf.Tensor4D;
    if (this.#weights === undefined) {
      this.#sums = tf.keep(patch);
      return;
    }
    const sums = this.#sums ?? tf.zeros<tf.Rank.R4>([classes, ...this.#shape]);
    const total = this.#total ?? tf.zeros<tf.Rank.R3>(this.#shape);
    this.#sums = tf.keep(addToRegion(sums, patch, [0, ...begin]));
    this.#total = tf.keep(addToRegion(total, this.#weights, begin));
  }
}
