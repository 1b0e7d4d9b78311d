#pragma once

// Passes over volumes whose channels lie side by side: what belongs to a channel is given for a whole
// period, some voxels long, so that no loop is as short as the channels are few.

#include "vector.h"

namespace fedvox {
namespace {

// Calls `body(at)` for each vector's place in a period of `length` values, then for what is left over
// `rest(at)`.
template <typename Body, typename Rest>
inline void along(size_t length, Body body, Rest rest) {
  size_t at = 0;
  for (; at + kLength <= length; at += kLength) body(at);
  for (; at < length; ++at) rest(at);
}

template <typename Each>
inline void inPeriods(const PeriodicRun& run, Each each) {
  for (size_t first = 0; first < run.count; first += run.period) {
    const size_t left = run.count - first;
    each(first, left < run.period ? left : run.period);
  }
}

inline Vector select(Vector x, Vector positive, Vector other) { return x > 0 ? positive : other; }

template <typename Stored>
void momentsOf(const PeriodicRun& run, const void* x, const float* shift, float* sums,
               float* squares) {
  const auto* values = static_cast<const Stored*>(x);
  inPeriods(run, [&](size_t first, size_t length) {
    along(
        length,
        [&](size_t at) {
          const Vector d = fetch(values + first + at) - loadVector(shift + at);
          storeVector(sums + at, loadVector(sums + at) + d);
          storeVector(squares + at, loadVector(squares + at) + d * d);
        },
        [&](size_t at) {
          const float d = fetchOne(values + first + at) - shift[at];
          sums[at] += d;
          squares[at] += d * d;
        });
  });
}

template <typename Stored>
void normPreluOf(const PeriodicRun& run, const NormPeriod& norm, const void* x, void* y) {
  const auto* values = static_cast<const Stored*>(x);
  auto* results = static_cast<Stored*>(y);
  inPeriods(run, [&](size_t first, size_t length) {
    along(
        length,
        [&](size_t at) {
          const Vector h = fetch(values + first + at) * loadVector(norm.scale + at) +
                           loadVector(norm.offset + at);
          put(results + first + at, select(h, h, h * loadVector(norm.slope + at)));
        },
        [&](size_t at) {
          const float h = fetchOne(values + first + at) * norm.scale[at] + norm.offset[at];
          putOne(results + first + at, h > 0 ? h : h * norm.slope[at]);
        });
  });
}

template <typename Stored, typename Gradient>
void sumsOf(const PeriodicRun& run, const NormPeriod& norm, const void* x, const void* dy,
            float* sums, float* products, float* slopes) {
  const auto* values = static_cast<const Stored*>(x);
  const auto* gradients = static_cast<const Gradient*>(dy);
  inPeriods(run, [&](size_t first, size_t length) {
    along(
        length,
        [&](size_t at) {
          const Vector h = fetch(values + first + at) * loadVector(norm.scale + at) +
                           loadVector(norm.offset + at);
          const Vector d = fetch(gradients + first + at);
          const Vector g = select(h, d, d * loadVector(norm.slope + at));
          storeVector(sums + at, loadVector(sums + at) + g);
          storeVector(products + at, loadVector(products + at) + g * h);
          storeVector(slopes + at, loadVector(slopes + at) + select(h, Vector{}, d * h));
        },
        [&](size_t at) {
          const float h = fetchOne(values + first + at) * norm.scale[at] + norm.offset[at];
          const float d = fetchOne(gradients + first + at);
          const float g = h > 0 ? d : d * norm.slope[at];
          sums[at] += g;
          products[at] += g * h;
          slopes[at] += h > 0 ? 0 : d * h;
        });
  });
}

template <typename Stored, typename Gradient>
void gradientOf(const PeriodicRun& run, const NormPeriod& norm, const void* x, const void* dy,
                const float* means, const float* alongs, void* dx) {
  const auto* values = static_cast<const Stored*>(x);
  const auto* gradients = static_cast<const Gradient*>(dy);
  auto* results = static_cast<Stored*>(dx);
  inPeriods(run, [&](size_t first, size_t length) {
    along(
        length,
        [&](size_t at) {
          const Vector scale = loadVector(norm.scale + at);
          const Vector h = fetch(values + first + at) * scale + loadVector(norm.offset + at);
          const Vector d = fetch(gradients + first + at);
          const Vector g = select(h, d, d * loadVector(norm.slope + at));
          put(results + first + at,
              scale * (g - loadVector(means + at) - h * loadVector(alongs + at)));
        },
        [&](size_t at) {
          const float h = fetchOne(values + first + at) * norm.scale[at] + norm.offset[at];
          const float d = fetchOne(gradients + first + at);
          const float g = h > 0 ? d : d * norm.slope[at];
          putOne(results + first + at, norm.scale[at] * (g - means[at] - h * alongs[at]));
        });
  });
}

void moments(const PeriodicRun& run, const void* x, Storage stored, const float* shift,
             float* sums, float* squares) {
  if (stored == Storage::Float32) return momentsOf<float>(run, x, shift, sums, squares);
  momentsOf<uint16_t>(run, x, shift, sums, squares);
}

void normPrelu(const PeriodicRun& run, const NormPeriod& norm, const void* x, Storage stored,
               void* y) {
  if (stored == Storage::Float32) return normPreluOf<float>(run, norm, x, y);
  normPreluOf<uint16_t>(run, norm, x, y);
}

void normPreluSums(const PeriodicRun& run, const NormPeriod& norm, const void* x, Storage stored,
                   const void* dy, Storage gradient, float* sums, float* products, float* slopes) {
  const bool wide = stored == Storage::Float32, wideGradient = gradient == Storage::Float32;
  const auto body = wide ? (wideGradient ? sumsOf<float, float> : sumsOf<float, uint16_t>)
                         : (wideGradient ? sumsOf<uint16_t, float> : sumsOf<uint16_t, uint16_t>);
  body(run, norm, x, dy, sums, products, slopes);
}

void normPreluGradient(const PeriodicRun& run, const NormPeriod& norm, const void* x,
                       Storage stored, const void* dy, Storage gradient, const float* means,
                       const float* alongs, void* dx) {
  const bool wide = stored == Storage::Float32, wideGradient = gradient == Storage::Float32;
  const auto body =
      wide ? (wideGradient ? gradientOf<float, float> : gradientOf<float, uint16_t>)
           : (wideGradient ? gradientOf<uint16_t, float> : gradientOf<uint16_t, uint16_t>);
  body(run, norm, x, dy, means, alongs, dx);
}

}  // namespace
}  // namespace fedvox
