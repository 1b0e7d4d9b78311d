/*
 * Exponential, logarithm and cosine of sums, products and quotients alone, each rounded by itself: the same bits of
 * every JavaScript engine and of the native code that repeats them, which `Math` promises of none. Power
 * series with the argument brought near 0, to about one unit in the last place (tests compare with `Math`).
 * native/src/elementary.h of tfjs-backend-torch says the same, operation by operation.
 */

/** ln 2 in two parts: whole multiples of the high one are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** π/2 likewise. */
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;

/** Added to a number it leaves that rounded to a whole one, halves to the even one: there are no digits after it. */
const ROUNDING = 1.5 * 2 ** 52;
/** Looked at for a double's exponent, which is in the second of its words. */
const VALUE = new Float64Array(1);
const WORDS = new Uint32Array(VALUE.buffer);
/** 2ᵏ for k from −1023 to 1023. */
const POWERS = Float64Array.from({ length: 2047 }, (_, at) => 2 ** (at - 1023));

/** eˣ. */
export function exponential(x: number): number {
  if (x > 710) return Number.POSITIVE_INFINITY;
  if (x < -746) return 0;
  if (!(x <= 710)) return x;
  const k = x * Math.LOG2E + ROUNDING - ROUNDING;
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let series = 1 / 6227020800;
  series = series * r + 1 / 479001600;
  series = series * r + 1 / 39916800;
  series = series * r + 1 / 3628800;
  series = series * r + 1 / 362880;
  series = series * r + 1 / 40320;
  series = series * r + 1 / 5040;
  series = series * r + 1 / 720;
  series = series * r + 1 / 120;
  series = series * r + 1 / 24;
  series = series * r + 1 / 6;
  series = series * r + 0.5;
  // In two steps: 2ᵏ itself may be beyond what a double holds.
  const half = k >> 1;
  return (1 + (r + r * r * series)) * powerOfTwo(half) * powerOfTwo(k - half);
}

/** ln x. */
export function logarithm(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  // Below the smallest normal one, a double's exponent does not tell its size.
  const isTiny = x < 2 ** -1022;
  const normal = isTiny ? x * 2 ** 54 : x;
  VALUE[0] = normal;
  const exponent = (WORDS[1]! >>> 20) - 1023;
  const whole = normal * powerOfTwo(-exponent);
  const isUpper = whole > Math.SQRT2;
  const m = isUpper ? whole * 0.5 : whole;
  const k = exponent + (isUpper ? 1 : 0) - (isTiny ? 54 : 0);
  // ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 …), less what f already says of it.
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  let series = 2 / 23;
  series = series * z + 2 / 21;
  series = series * z + 2 / 19;
  series = series * z + 2 / 17;
  series = series * z + 2 / 15;
  series = series * z + 2 / 13;
  series = series * z + 2 / 11;
  series = series * z + 2 / 9;
  series = series * z + 2 / 7;
  series = series * z + 2 / 5;
  series = series * z + 2 / 3;
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + z * series) + k * LN2_LOW) - f);
}

/** cos x, for x from 0 to 2π. */
export function cosine(x: number): number {
  const quarter = x * (2 / Math.PI) + ROUNDING - ROUNDING;
  const r = x - quarter * HALF_PI_HIGH - quarter * HALF_PI_LOW;
  switch (quarter & 3) {
    case 0:
      return cosineNear0(r);
    case 1:
      return -sineNear0(r);
    case 2:
      return -cosineNear0(r);
    default:
      return sineNear0(r);
  }
}

function cosineNear0(r: number): number {
  const z = r * r;
  let series = 1 / 20922789888000;
  series = series * z - 1 / 87178291200;
  series = series * z + 1 / 479001600;
  series = series * z - 1 / 3628800;
  series = series * z + 1 / 40320;
  series = series * z - 1 / 720;
  series = series * z + 1 / 24;
  return 1 - (0.5 * z - z * z * series);
}

function sineNear0(r: number): number {
  const z = r * r;
  let series = 1 / 355687428096000;
  series = series * z - 1 / 1307674368000;
  series = series * z + 1 / 6227020800;
  series = series * z - 1 / 39916800;
  series = series * z + 1 / 362880;
  series = series * z - 1 / 5040;
  series = series * z + 1 / 120;
  series = series * z - 1 / 6;
  return r + r * z * series;
}

function powerOfTwo(exponent: number): number {
  return POWERS[exponent + 1023] as number;
}
