#pragma once

// Between [position][channel], as volumes lie in memory, and [channel][position], a plane for each channel.

#include "vector.h"

namespace fedvox {
namespace {

inline void move(const float* stored, float* to) { *to = *stored; }
inline void move(const uint16_t* stored, float* to) { *to = fetchOne(stored); }
inline void move(const uint16_t* stored, uint16_t* to) { *to = *stored; }

// The usual few channels are known to the compiler, which then moves vectors.
template <int Channels, typename Stored, typename Value>
void planesOf(const Stored* __restrict from, size_t positions, Value* __restrict to, size_t step) {
  for (size_t p = 0; p < positions; ++p) {
    for (int c = 0; c < Channels; ++c) move(from + p * Channels + c, to + c * step + p);
  }
}

template <typename Stored, typename Value>
void planesAs(const Stored* from, size_t positions, size_t channels, Value* to, size_t step) {
  if (channels == 2) return planesOf<2>(from, positions, to, step);
  if (channels == 3) return planesOf<3>(from, positions, to, step);
  if (channels == 4) return planesOf<4>(from, positions, to, step);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t p = 0; p < positions; ++p) move(from + p * channels + c, to + c * step + p);
  }
}

void planes(const void* source, Storage storage, size_t positions, size_t channels, float* values,
            size_t step) {
  if (storage == Storage::Float32) {
    return planesAs(static_cast<const float*>(source), positions, channels, values, step);
  }
  planesAs(static_cast<const uint16_t*>(source), positions, channels, values, step);
}

void halfPlanes(const uint16_t* source, size_t positions, size_t channels, uint16_t* values, size_t step) {
  planesAs(source, positions, channels, values, step);
}

// A position's channel and the one after it, or zero behind the last.
inline uint32_t pairAt(const uint16_t* position, size_t channels, size_t c) {
  const uint32_t second = c + 1 < channels ? position[c + 1] : 0;
  return position[c] | second << 16;
}

// From [position][channel] in bfloat16 to pairs of neighbouring channels, [pair][position]: where they are
// odd, the last channel's partner is zero.
template <size_t Channels>
void pairPlanesOf(const uint16_t* __restrict from, size_t positions, uint32_t* __restrict to, size_t step) {
  for (size_t p = 0; p < positions; ++p) {
    for (size_t c = 0; c < Channels; c += 2) {
      to[c / 2 * step + p] = pairAt(from + p * Channels, Channels, c);
    }
  }
}

void pairPlanes(const uint16_t* from, size_t positions, size_t channels, uint32_t* to, size_t step) {
  if (channels == 2) return pairPlanesOf<2>(from, positions, to, step);
  if (channels == 3) return pairPlanesOf<3>(from, positions, to, step);
  if (channels == 4) return pairPlanesOf<4>(from, positions, to, step);
  for (size_t c = 0; c < channels; c += 2) {
    for (size_t p = 0; p < positions; ++p) {
      to[c / 2 * step + p] = pairAt(from + p * channels, channels, c);
    }
  }
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
