import { quantileOf } from '@fedvox/base';

/** One value for each axis. */
export function perAxis(of: (axis: 0 | 1 | 2) => number): [number, number, number] {
  return [of(0), of(1), of(2)];
}

/** Of what many cases have along one axis. */
export function axisQuantile(
  triples: readonly (readonly number[])[],
  axis: number,
  part: number,
): number {
  return quantileOf(
    triples.map((each) => each[axis] as number).sort((a, b) => a - b),
    part,
  );
}
