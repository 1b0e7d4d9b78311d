#pragma once

// Between [position][channel], as volumes lie in memory, and [channel][position], a plane for each channel.

#include "vector.h"

namespace fedvox {
namespace {

// The usual few channels are known to the compiler, which then moves vectors.
template <int Channels, typename Stored>
void planesOf(const Stored* __restrict from, size_t positions, float* __restrict to, size_t step) {
  for (size_t p = 0; p < positions; ++p) {
    for (int c = 0; c < Channels; ++c) to[c * step + p] = fetchOne(from + p * Channels + c);
  }
}

template <typename Stored>
void planesAs(const Stored* from, size_t positions, size_t channels, float* to, size_t step) {
  if (channels == 2) return planesOf<2>(from, positions, to, step);
  if (channels == 3) return planesOf<3>(from, positions, to, step);
  if (channels == 4) return planesOf<4>(from, positions, to, step);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t p = 0; p < positions; ++p) to[c * step + p] = fetchOne(from + p * channels + c);
  }
}

void planes(const void* source, Storage storage, size_t positions, size_t channels, float* values,
            size_t step) {
  if (storage == Storage::Float32) {
    return planesAs(static_cast<const float*>(source), positions, channels, values, step);
  }
  planesAs(static_cast<const uint16_t*>(source), positions, channels, values, step);
}

template <size_t Channels>
void sideBySideOf(const float* __restrict from, size_t step, size_t positions, float* __restrict to) {
  for (size_t p = 0; p < positions; ++p) {
    for (size_t c = 0; c < Channels; ++c) to[p * Channels + c] = from[c * step + p];
  }
}

inline void sideBySide(const float* from, size_t step, size_t positions, size_t channels, float* to) {
  if (channels == 2) return sideBySideOf<2>(from, step, positions, to);
  if (channels == 3) return sideBySideOf<3>(from, step, positions, to);
  if (channels == 4) return sideBySideOf<4>(from, step, positions, to);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t p = 0; p < positions; ++p) to[p * channels + c] = from[c * step + p];
  }
}

}  // namespace
}  // namespace fedvox
