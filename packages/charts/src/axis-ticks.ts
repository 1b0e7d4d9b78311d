import type { Domain } from './linear-scale.js';

/** Numbers that people count in: 1, 2 and 5 times a power of ten. */
const ROUND_STEPS = [1, 2, 5, 10];

/**
 * Round numbers within the domain, ascending, about `count` of them.
 * @param leastStep 1 where only whole numbers mean anything
 */
export function axisTicks([min, max]: Domain, count: number, leastStep = 0): number[] {
  const step = Math.max(roundStep(max / count - min / count), leastStep);
  const first = Math.ceil(min / step);
  const length = Math.floor(max / step) - first + 1;
  // By index: beyond 2^53 one more is the same number.
  return Array.from({ length: Math.max(0, length) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  ).filter((tick) => tick >= min && tick <= max);
}

function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const times = ROUND_STEPS.find((each) => each * power >= atLeast * (1 - 1e-9)) ?? 10;
  return times * power;
}
