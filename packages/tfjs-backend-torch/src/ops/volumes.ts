import { explained } from '../explained.js';
import { type Handle, ScalarType } from '../native.js';
import type { OpenTorch, Torch } from '../torch.js';

type Voxels = Float32Array | Uint8Array;

/** Voxels along x, y and z. */
export type VolumeShape = readonly [number, number, number];

/** A volume in JavaScript's memory, x fastest. */
export interface VolumeArray<V extends Voxels> {
  readonly data: V;
  readonly shape: VolumeShape;
}

/** What a point beyond the volume takes: the value at its edge, or 0. */
export type OutsideVolume = 'edge' | 'zero';

/*
 * Volumes are arrays here and not tensors, in and out: on the processor the operators work in the arrays'
 * own memory, and on a GPU a volume is there no longer than one of them takes. On every device the result
 * is the same to the bit: coordinates, weights and sums are double, each operation rounded by itself.
 * The operators are native/src/operators/sampling.cc and smoothing.cc.
 * Which ATen they run by is `open`'s: the registered backend's, or one of the calling thread alone.
 */

/**
 * The values at the voxels of another grid, trilinear.
 * @param indexOf row-major, at least 3×4: from a voxel's index in the other grid to its index in the source
 * @param shape of the other grid
 * @param outside `edge` clamps coordinates to [0, n−1]; `zero` clamps only the outer half voxel
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function sampleVolume(
  open: OpenTorch,
  source: VolumeArray<Float32Array>,
  indexOf: readonly number[],
  shape: VolumeShape,
  outside: OutsideVolume,
): Float32Array {
  return sampled(source, indexOf, shape, outside, false, open);
}

/** As `sampleVolume`, with the nearest voxel; halves go to the even one. Labels are bytes. */
export function sampleVolumeNearest<V extends Voxels>(
  open: OpenTorch,
  source: VolumeArray<V>,
  indexOf: readonly number[],
  shape: VolumeShape,
  outside: OutsideVolume,
): V {
  return sampled(source, indexOf, shape, outside, true, open);
}

/**
 * Each voxel takes the value at its place plus its offset, trilinear; coordinates end at the border.
 * @param offsets in voxels along x, y and z, each as long as the volume
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function displaceVolume(
  open: OpenTorch,
  source: VolumeArray<Float32Array>,
  offsets: readonly Float32Array[],
): Float32Array {
  return displaced(source, offsets, false, open);
}

/** As `displaceVolume`, with the nearest voxel. */
export function displaceVolumeNearest<V extends Voxels>(
  open: OpenTorch,
  source: VolumeArray<V>,
  offsets: readonly Float32Array[],
): V {
  return displaced(source, offsets, true, open);
}

/**
 * A convolution along x, then y, then z, rounded to float32 after each; beyond the border the outermost
 * voxels go on.
 * @param kernel for each axis the weights at −r … r
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function convolveVolume(
  open: OpenTorch,
  source: VolumeArray<Float32Array>,
  kernel: readonly [Float64Array, Float64Array, Float64Array],
): Float32Array {
  return filled(source, source.shape, 'convolve_volume', open, (t, operator, volume, out) => {
    t.mutate(operator, volume, ...kernel.map((weights) => [...weights]), out);
  });
}

function sampled<V extends Voxels>(
  source: VolumeArray<V>,
  indexOf: readonly number[],
  shape: VolumeShape,
  outside: OutsideVolume,
  nearest: boolean,
  open: OpenTorch,
): V {
  return filled(source, shape, 'sample_volume', open, (t, operator, volume, out) => {
    t.mutate(operator, volume, indexOf, nearest, outside === 'zero', out);
  });
}

function displaced<V extends Voxels>(
  source: VolumeArray<V>,
  offsets: readonly Float32Array[],
  nearest: boolean,
  open: OpenTorch,
): V {
  return filled(source, source.shape, 'displace_volume', open, (t, operator, volume, out) => {
    const along = offsets.map((each) => onDevice(t, { data: each, shape: source.shape }));
    t.mutate(operator, volume, along, nearest, out);
  });
}

/** A new volume of the source's type, as an operator fills it that writes to a tensor. */
function filled<V extends Voxels>(
  source: VolumeArray<V>,
  shape: VolumeShape,
  operator: string,
  open: OpenTorch,
  fill: (t: Torch, operator: string, volume: Handle, out: Handle) => void,
): V {
  const isLabel = source.data instanceof Uint8Array;
  const voxels = shape[0] * shape[1] * shape[2];
  const data = (isLabel ? new Uint8Array(voxels) : new Float32Array(voxels)) as V;
  const t = open();
  try {
    const out = onDevice(t, { data, shape });
    fill(t, `fedvox::${operator}`, onDevice(t, source), out);
    return t.device === 'cpu' ? data : (t.native.toTypedArray(out) as V);
  } catch (error) {
    throw explained(error, operator, `source [${source.shape}], target [${shape}]`);
  } finally {
    t.close();
  }
}

function onDevice(t: Torch, { data, shape: [nx, ny, nz] }: VolumeArray<Voxels>): Handle {
  const type = data instanceof Uint8Array ? ScalarType.uint8 : ScalarType.float32;
  return t.onValues(data, [nz, ny, nx], type);
}
