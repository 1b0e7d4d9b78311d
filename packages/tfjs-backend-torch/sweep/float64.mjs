import { resultSize } from './shapes.mjs';

/** Sums of products, and of their magnitudes, which bound what rounding may do to them. */
class Sums {
  constructor(length) {
    this.values = new Float64Array(length);
    this.magnitudes = new Float64Array(length);
  }

  add(index, value) {
    this.values[index] += value;
    this.magnitudes[index] += Math.abs(value);
  }
}

/**
 * A convolution and both its gradients by the definition, in float64.
 * @param {import('./shapes.mjs').Shape} shape
 * @param {{x: Float32Array, filter: Float32Array, dy: Float32Array}} given row-major
 */
export function convolutions(shape, { x, filter, dy }) {
  const { batch, inputs, outputs, size, taps, strides, padding } = shape;
  const result = resultSize(shape);
  const y = new Sums(dy.length);
  const dx = new Sums(x.length);
  const dFilter = new Sums(filter.length);
  const meet = (xAt, tapAt, yAt) => {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        const [from, weight, to] = [
          xAt * inputs + i,
          (tapAt * inputs + i) * outputs + o,
          yAt * outputs + o,
        ];
        y.add(to, x[from] * filter[weight]);
        dx.add(from, dy[to] * filter[weight]);
        dFilter.add(weight, x[from] * dy[to]);
      }
    }
  };
  for (let n = 0; n < batch; n++) {
    for (const [to, position] of places(result)) {
      for (const [tap, offset] of places(taps)) {
        const at = position.map((p, axis) => p * strides[axis] + offset[axis] - padding[axis]);
        if (at.some((p, axis) => p < 0 || p >= size[axis])) continue;
        meet(n * volume(size) + index(at, size), tap, n * volume(result) + to);
      }
    }
  }
  return { y, dx, dFilter };
}

const volume = ([depth, height, width]) => depth * height * width;
const index = ([d, h, w], [, height, width]) => (d * height + h) * width + w;

/** Every place of a volume, with its number. */
function places(size) {
  const [depth, height, width] = size;
  return Array.from({ length: depth * height * width }, (_, number) => [
    number,
    [Math.floor(number / (height * width)), Math.floor(number / width) % height, number % width],
  ]);
}
