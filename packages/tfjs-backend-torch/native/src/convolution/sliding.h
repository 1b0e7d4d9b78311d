#pragma once

#include "../simd/kernels.h"
#include "phases.h"

namespace fedvox {

inline int64_t bytesOf(Storage storage) { return storage == Storage::Float32 ? 4 : 2; }

// A volume [batch, depth, height, width, channels], contiguous.
struct Volume {
  void* values;
  Storage storage;
  int64_t batch, size[3], channels;
};

// A filter [taps, taps, taps, a, b], contiguous, float32.
struct Filter {
  const float* values;
  int64_t taps[3], a, b;
  // Whether the input's channels are b, as where the filter slides backwards.
  bool isTransposed;
};

// Writes all of `output`: sums over taps and input channels, plus bias [output.channels] unless null.
// @param filter already rounded to bfloat16 where the input is stored so
void slideOver(const Volume& input, const Filter& filter, const float* bias,
               const std::vector<Phase> (&phases)[3], const Volume& output);

}  // namespace fedvox
