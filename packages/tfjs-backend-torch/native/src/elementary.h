#pragma once

// Exponential, logarithm and cosine to the bits of packages/base/src/elementary.ts, operation by operation: what
// includes this is compiled without fusing products and sums (build.mjs, TO_THE_BIT).

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace fedvox {

constexpr double kLn2 = 0.6931471805599453;
constexpr double kLn2High = 0.6931471803691238;
constexpr double kLn2Low = 1.9082149292705877e-10;
constexpr double kLog2E = 1.4426950408889634;
constexpr double kSqrt2 = 1.4142135623730951;
constexpr double kPi = 3.141592653589793;
constexpr double kHalfPiHigh = 1.5707963267341256;
constexpr double kHalfPiLow = 6.077100506506192e-11;

// Added to a number it leaves that rounded to a whole one, in the low bits of the sum.
constexpr double kRounding = 6755399441055744.;

inline int64_t bitsOf(double value) {
  int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline double valueOf(int64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// What follows has no branches, so that compilers make vectors of it; integers stand in the bits of doubles, since
// vectors convert none of 64 bits.

inline double exponential(double x) {
  const double inside = x > 710 ? 710 : (x < -746 ? -746 : x);
  const double rounded = inside * kLog2E + kRounding;
  const double k = rounded - kRounding;
  const double r = inside - k * kLn2High - k * kLn2Low;
  double series = 1. / 6227020800;
  series = series * r + 1. / 479001600;
  series = series * r + 1. / 39916800;
  series = series * r + 1. / 3628800;
  series = series * r + 1. / 362880;
  series = series * r + 1. / 40320;
  series = series * r + 1. / 5040;
  series = series * r + 1. / 720;
  series = series * r + 1. / 120;
  series = series * r + 1. / 24;
  series = series * r + 1. / 6;
  series = series * r + 0.5;
  // k, and its half rounded down, each plus 2¹¹, so that shifts need no sign.
  const int64_t place = bitsOf(rounded) - bitsOf(kRounding) + 2048;
  const int64_t half = static_cast<int64_t>(static_cast<uint64_t>(place) >> 1) - 1024;
  const int64_t rest = place - 2048 - half;
  const double value =
      (1 + (r + r * r * series)) * valueOf((half + 1023) << 52) * valueOf((rest + 1023) << 52);
  const double tail = x > 710 ? std::numeric_limits<double>::infinity() : 0;
  // What is no number stays what it is.
  return x > 710 || x < -746 ? tail : (x == x ? value : x);
}

inline double logarithm(double x) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool isTiny = x < std::numeric_limits<double>::min();
  const double normal = isTiny ? x * 18014398509481984. : x;
  const int64_t bits = bitsOf(normal);
  constexpr int64_t kMantissa = (int64_t{1} << 52) - 1;
  const double whole = valueOf((bits & kMantissa) | bitsOf(1));
  const bool isUpper = whole > kSqrt2;
  const double m = isUpper ? whole * 0.5 : whole;
  const auto place = static_cast<int64_t>(static_cast<uint64_t>(bits) >> 52);
  const double exponent = valueOf(place | bitsOf(4503599627370496.)) - (4503599627370496. + 1023);
  const double k = exponent + (isUpper ? 1. : 0.) - (isTiny ? 54. : 0.);
  const double f = m - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  double series = 2. / 23;
  series = series * z + 2. / 21;
  series = series * z + 2. / 19;
  series = series * z + 2. / 17;
  series = series * z + 2. / 15;
  series = series * z + 2. / 13;
  series = series * z + 2. / 11;
  series = series * z + 2. / 9;
  series = series * z + 2. / 7;
  series = series * z + 2. / 5;
  series = series * z + 2. / 3;
  const double half = 0.5 * f * f;
  const double value = k * kLn2High - (half - (s * (half + z * series) + k * kLn2Low) - f);
  const double below = x == 0 ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
  return x > 0 ? (x < kInfinity ? value : x) : below;
}

inline double cosineNear0(double r) {
  const double z = r * r;
  double series = 1. / 20922789888000;
  series = series * z - 1. / 87178291200;
  series = series * z + 1. / 479001600;
  series = series * z - 1. / 3628800;
  series = series * z + 1. / 40320;
  series = series * z - 1. / 720;
  series = series * z + 1. / 24;
  return 1 - (0.5 * z - z * z * series);
}

inline double sineNear0(double r) {
  const double z = r * r;
  double series = 1. / 355687428096000;
  series = series * z - 1. / 1307674368000;
  series = series * z + 1. / 6227020800;
  series = series * z - 1. / 39916800;
  series = series * z + 1. / 362880;
  series = series * z - 1. / 5040;
  series = series * z + 1. / 120;
  series = series * z - 1. / 6;
  return r + r * z * series;
}

// For x from 0 to 2π.
inline double cosine(double x) {
  const double rounded = x * (2 / kPi) + kRounding;
  const double quarter = rounded - kRounding;
  const double r = x - quarter * kHalfPiHigh - quarter * kHalfPiLow;
  const int64_t count = bitsOf(rounded);
  const double value = (count & 1) == 0 ? cosineNear0(r) : sineNear0(r);
  return ((count + 1) & 2) == 0 ? value : -value;
}

}  // namespace fedvox
