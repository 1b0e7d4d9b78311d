/**
 * A convolution of volumes [batch, ...size, inputs] with a filter [...taps, inputs, outputs].
 * @typedef {{batch: number, inputs: number, outputs: number, size: number[], taps: number[],
 *   strides: number[], padding: number[]}} Shape
 */

/** Of kinds that libtorch has been seen to fail at; a sweep begins with them. */
const KNOWN = [
  // Unwritten rows in float32: one channel, a single step along the last axis under a stride.
  [2, 1, 1, [3, 5, 2], [2, 2, 2], [1, 1, 2], [0, 0, 0]],
  [1, 1, 2, [2, 4, 3], [1, 1, 3], [1, 1, 2], [0, 0, 0]],
  // Wrong in bfloat16: one channel, a filter deeper than the volume.
  [2, 1, 2, [1, 5, 5], [3, 3, 3], [1, 1, 1], [1, 1, 1]],
  // Written beside its memory in bfloat16: the gradient of a filter larger than the volume.
  [1, 2, 2, [6, 2, 2], [3, 4, 1], [1, 3, 3], [2, 1, 0]],
  [2, 3, 2, [3, 2, 5], [2, 4, 2], [1, 3, 1], [1, 1, 1]],
  [1, 3, 2, [1, 2, 4], [6, 3, 4], [1, 3, 2], [5, 1, 3]],
].map(([batch, inputs, outputs, size, taps, strides, padding]) => ({
  ...{ batch, inputs, outputs, size, taps, strides, padding },
}));

/**
 * A number from 0 to 1, the next at each call; the same for the same seed.
 * @param {number} seed
 */
export function randomFrom(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The shape of that number in a sweep.
 * @param {number} index
 * @param {() => number} random
 * @returns {Shape}
 */
export function shapeOf(index, random) {
  const known = KNOWN[index];
  if (known !== undefined) return known;
  const upTo = (most) => 1 + Math.floor(random() * most);
  const three = (value) => [0, 1, 2].map(value);
  // Rarely some more than a vector has.
  const channels = () => (random() < 1 / 8 ? 15 : 0) + upTo(3);
  const shape = {
    batch: upTo(2),
    inputs: channels(),
    outputs: channels(),
    size: three(() => upTo(6)),
    taps: three(() => upTo(4)),
    strides: three(() => upTo(3)),
  };
  // None, as much as keeps the size, as much as a filter can reach, or any.
  const kind = upTo(4);
  const padding = shape.taps.map((taps, axis) => {
    const some = [0, taps >> 1, taps - 1, Math.floor(random() * 4)][kind - 1];
    return Math.max(some, Math.ceil((taps - shape.size[axis]) / 2));
  });
  return { ...shape, padding };
}

/** @param {Shape} shape */
export function resultSize({ size, taps, strides, padding }) {
  return size.map(
    (length, axis) => Math.floor((length + 2 * padding[axis] - taps[axis]) / strides[axis]) + 1,
  );
}
