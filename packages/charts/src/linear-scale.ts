/** Both ends finite, the first one smaller. */
export type Domain = readonly [min: number, max: number];
export type Scale = (value: number) => number;

/** A domain has at least this part of its larger end: less can't be told apart in float64. */
const LEAST_PART = 1e-9;

/** Takes `domain` to pixels, its ends included; what lies outside goes to the nearer end. */
export function linearScale([min, max]: Domain, [from, to]: readonly [number, number]): Scale {
  const clamp = (value: number) => Math.min(Math.max(value, min), max);
  // Halved, so that the difference of any two numbers is one.
  const [start, half, length] = [min / 2, max / 2 - min / 2, to - from];
  return (value) => from + ((clamp(value) / 2 - start) / half) * length;
}

/** The smallest domain that holds all values that are finite; widened by `room` where they are one. */
export function domainOf(values: Iterable<number>, room = 0.5): Domain {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min > max ? [0, 1] : distinct([min, max], room);
}

/** A domain whose ends differ enough to be told apart. */
export function distinct([min, max]: Domain, room = 0.5): Domain {
  const least = Math.max(Math.abs(min), Math.abs(max), 1) * LEAST_PART;
  if (max / 2 - min / 2 > least) return [min, max];
  const half = Math.max(room, least * 2);
  return [Math.max(min - half, -Number.MAX_VALUE), Math.min(max + half, Number.MAX_VALUE)];
}
