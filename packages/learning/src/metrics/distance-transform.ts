/** Three sizes or lengths, along x, y and z. */
export type Triple = readonly [number, number, number];

/**
 * Square of the distance in mm from every voxel to the nearest marked one; Infinity where none is
 * marked. Exact but for float32, one axis after the other: the lower envelope of parabolas
 * (Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 8,
 * 2012).
 * @param marked x fastest
 */
export function squaredDistances(
  marked: Uint8Array,
  shape: Triple,
  spacingMm: Triple,
): Float32Array {
  const squared = Float32Array.from(marked, (mark) => (mark ? 0 : Number.POSITIVE_INFINITY));
  let stride = 1;
  for (const axis of [0, 1, 2] as const) {
    transformAxis(squared, shape[axis], stride, spacingMm[axis]);
    stride *= shape[axis];
  }
  return squared;
}

/** Runs over every line of voxels along one axis, in place. */
function transformAxis(values: Float32Array, length: number, stride: number, spacing: number) {
  const envelope = new Envelope(length, spacing);
  const block = stride * length;
  for (let start = 0; start < values.length; start += block) {
    for (let offset = 0; offset < stride; offset++) {
      envelope.apply(values, start + offset, stride);
    }
  }
}

/** The lowest of the parabolas f(q) + (x − q)² over a line of samples; reused from line to line. */
class Envelope {
  readonly #length: number;
  readonly #spacing: number;
  readonly #line: Float64Array;
  /** Samples whose parabolas are on the envelope, in ascending order. */
  readonly #vertices: Int32Array;
  /** Where, in mm, each of them takes over from the one before. */
  readonly #starts: Float64Array;

  constructor(length: number, spacing: number) {
    this.#length = length;
    this.#spacing = spacing;
    this.#line = new Float64Array(length);
    this.#vertices = new Int32Array(length);
    this.#starts = new Float64Array(length);
  }

  apply(values: Float32Array, start: number, stride: number): void {
    for (let sample = 0; sample < this.#length; sample++) {
      this.#line[sample] = values[start + sample * stride] as number;
    }
    const count = this.#build();
    if (count === 0) return;
    let vertex = 0;
    for (let sample = 0; sample < this.#length; sample++) {
      const x = sample * this.#spacing;
      while (vertex + 1 < count && (this.#starts[vertex + 1] as number) <= x) vertex++;
      const nearest = this.#vertices[vertex] as number;
      const gap = x - nearest * this.#spacing;
      values[start + sample * stride] = gap * gap + (this.#line[nearest] as number);
    }
  }

  /** @returns how many parabolas the envelope has: none where the line holds no finite value */
  #build(): number {
    let count = 0;
    for (let sample = 0; sample < this.#length; sample++) {
      if (this.#line[sample] === Number.POSITIVE_INFINITY) continue;
      let takeOver = Number.NEGATIVE_INFINITY;
      while (count > 0) {
        takeOver = this.#intersection(this.#vertices[count - 1] as number, sample);
        if (takeOver > (this.#starts[count - 1] as number)) break;
        count--;
      }
      this.#starts[count] = count === 0 ? Number.NEGATIVE_INFINITY : takeOver;
      this.#vertices[count++] = sample;
    }
    return count;
  }

  /** Where, in mm, the later sample's parabola dips below the earlier one's. */
  #intersection(earlier: number, later: number): number {
    const [p, q] = [earlier * this.#spacing, later * this.#spacing];
    const [f, g] = [this.#line[earlier] as number, this.#line[later] as number];
    return (g + q * q - (f + p * p)) / (2 * (q - p));
  }
}
