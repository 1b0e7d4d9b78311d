import type { Grid, LabelMap, Volume } from '@fedvox/imaging';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Volumes and tensors: a volume holds x fastest, a network's tensor is [batch, X, Y, Z, channels]. The
 * engine turns the axes; on libtorch that is a view.
 */

/** @param volumes of one shape @returns [batch, X, Y, Z, 1] */
export function imageTensor(volumes: readonly Volume[]): tf.Tensor5D {
  const [nx, ny, nz] = (volumes[0] as Volume).shape;
  const values = new Float32Array(volumes.length * nx * ny * nz);
  volumes.forEach(({ data }, index) => {
    values.set(data, index * data.length);
  });
  return tf.tidy(() => networkInput(tf.tensor4d(values, [volumes.length, nz, ny, nx])));
}

/** @returns [Z, Y, X], as the volume lies */
export function storedTensor({ data, shape: [nx, ny, nz] }: Volume): tf.Tensor3D {
  return tf.tensor3d(data, [nz, ny, nx]);
}

/** @param stored as volumes lie, [batch, Z, Y, X] @returns [batch, X, Y, Z, 1] */
export function networkInput(stored: tf.Tensor4D): tf.Tensor5D {
  return tf.expandDims(tf.transpose(stored, [0, 3, 2, 1]), 4);
}

/** @param maps [batch, X, Y, Z, classes] @returns each class as a volume lies, [batch, classes, Z, Y, X] */
export function storedMaps(maps: tf.Tensor5D): tf.Tensor5D {
  return tf.transpose(maps, [0, 4, 3, 2, 1]);
}

/** @param labels of one shape @returns class indices, int32 [batch, X, Y, Z] */
export function labelTensor(labels: readonly LabelMap[]): tf.Tensor4D {
  const [nx, ny, nz] = (labels[0] as LabelMap).shape;
  const values = new Int32Array(labels.length * nx * ny * nz);
  labels.forEach(({ data }, index) => {
    values.set(data, index * data.length);
  });
  return tf.tidy(() => {
    const stored = tf.tensor4d(values, [labels.length, nz, ny, nx], 'int32');
    return tf.transpose(stored, [0, 3, 2, 1]);
  });
}

/** @param maps one value per class and voxel, [classes, Z, Y, X] @returns one volume per class */
export async function classVolumes(maps: tf.Tensor4D, { affineRas }: Grid): Promise<Volume[]> {
  const [classes, nz, ny, nx] = maps.shape;
  const values = (await maps.data()) as Float32Array;
  const voxels = nx * ny * nz;
  return Array.from({ length: classes }, (_, index) => ({
    shape: [nx, ny, nz] as const,
    affineRas,
    data: values.subarray(index * voxels, (index + 1) * voxels),
  }));
}
