#pragma once

// Tiles for few output channels: vectors of neighbouring positions, which every instruction set fills.

#include "planes.h"

namespace fedvox {
namespace {

// As many as the registers hold sums of for so many channels, beside the operands.
constexpr int planarVectors(int channels) {
  return channels == 1 ? 8 : channels == 2 ? 5 : 3;
}

// From a vector for each channel to positions whose channels lie side by side.
template <typename Stored, int Channels, int Vectors>
inline void interleave(const Vector (&sums)[Channels][Vectors], const PlanarTile& tile) {
  Stored lanes[Channels][Vectors * kLength];
  for (int c = 0; c < Channels; ++c) {
    for (int v = 0; v < Vectors; ++v) put(lanes[c] + v * kLength, sums[c][v]);
  }
  auto* const to = static_cast<Stored*>(tile.output);
  const auto at = [&](ptrdiff_t step) {
    for (int p = 0; p < tile.positions; ++p) {
      for (int c = 0; c < Channels; ++c) to[p * step + c] = lanes[c][p];
    }
  };
  // Side by side, as a constant that the compiler makes vectors of.
  if (tile.outputStep == Channels) return at(Channels);
  at(tile.outputStep);
}

template <int Channels, int Vectors>
void planarTile(const PlanarTile& tile, Storage output) {
  Vector sums[Channels][Vectors];
  for (int c = 0; c < Channels; ++c) {
    for (int v = 0; v < Vectors; ++v) sums[c][v] = all(tile.bias ? tile.bias[c] : 0.f);
  }
  for (int r = 0; r < tile.rowCount; ++r) {
    const auto* const row = static_cast<const float*>(tile.rows[r]) + tile.firstInput;
    const auto* weights = static_cast<const float*>(tile.weights[r]);
    for (int tap = 0; tap < tile.taps; ++tap) {
      const float* x = row + tap;
      for (int in = 0; in < tile.inputs; ++in, x += tile.channelStep, weights += Channels) {
        Vector values[Vectors];
        for (int v = 0; v < Vectors; ++v) values[v] = loadVector(x + v * kLength);
        for (int c = 0; c < Channels; ++c) {
          const Vector weight = all(weights[c]);
          for (int v = 0; v < Vectors; ++v) sums[c][v] += values[v] * weight;
        }
      }
    }
  }
  if (output == Storage::Float32) {
    interleave<float>(sums, tile);
  } else {
    interleave<uint16_t>(sums, tile);
  }
}

template <int Taps, int Channels>
void planarFilterTile(const PlanarFilterTile& tile) {
  Vector sums[Taps][Channels];
  for (int t = 0; t < Taps; ++t) {
    for (int c = 0; c < Channels; ++c) {
      sums[t][c] = loadVector(tile.sums + (t * Channels + c) * kLength);
    }
  }
  for (int r = 0; r < tile.rowCount; ++r) {
    const auto* const x = static_cast<const float*>(tile.inputs[r]) + tile.firstInput;
    const auto* const dy = static_cast<const float*>(tile.gradients[r]);
    for (ptrdiff_t at = 0; at < tile.gradientStep; at += kLength) {
      Vector gradient[Channels];
      for (int c = 0; c < Channels; ++c) gradient[c] = loadVector(dy + c * tile.gradientStep + at);
      for (int t = 0; t < Taps; ++t) {
        const Vector value = loadVector(x + t + at);
        for (int c = 0; c < Channels; ++c) sums[t][c] += value * gradient[c];
      }
    }
  }
  for (int t = 0; t < Taps; ++t) {
    for (int c = 0; c < Channels; ++c) {
      storeVector(tile.sums + (t * Channels + c) * kLength, sums[t][c]);
    }
  }
}

// Calls the instance of a template whose tile has the size at hand.
template <int Channels, int Vectors>
void planarOf(const PlanarTile& tile, Storage output) {
  if constexpr (Vectors > 1) {
    if (tile.positions <= (Vectors - 1) * kLength) {
      return planarOf<Channels, Vectors - 1>(tile, output);
    }
  }
  planarTile<Channels, Vectors>(tile, output);
}

template <int Channels>
void slidePlanesOf(const PlanarTile& tile, Storage output) {
  if constexpr (Channels > 1) {
    if (tile.channels != Channels) return slidePlanesOf<Channels - 1>(tile, output);
  }
  planarOf<Channels, planarVectors(Channels)>(tile, output);
}

template <int Taps, int Channels>
void planarFilterOf(const PlanarFilterTile& tile) {
  if constexpr (Taps > 1) {
    if (tile.taps != Taps) return planarFilterOf<Taps - 1, Channels>(tile);
  }
  if constexpr (Channels > 1) {
    if (tile.channels != Channels) return planarFilterOf<Taps, Channels - 1>(tile);
  }
  planarFilterTile<Taps, Channels>(tile);
}

void slidePlanes(const PlanarTile& tile, Storage output) {
  slidePlanesOf<kMostPlanarChannels>(tile, output);
}

void planarFilterGradient(const PlanarFilterTile& tile) {
  planarFilterOf<kMostPlanarTaps, kMostPlanarChannels>(tile);
}

}  // namespace
}  // namespace fedvox
