#pragma once

// Tiles for few output channels: vectors of neighbouring positions, which every instruction set fills.

#include "planes.h"
#include "tiles.h"

namespace fedvox {
namespace {

// As many as the registers hold sums of for so many channels, beside the operands.
constexpr int planarVectors(int channels) {
  return channels == 1 ? 8 : channels == 2 ? 5 : 3;
}

// From planes of sums to positions whose channels lie side by side. Not inlined: it would take registers from the sums.
template <typename Stored, int Channels, int Vectors>
__attribute__((noinline)) void interleave(const float* lanes, const PlanarTile& tile) {
  float mixed[Vectors * kLength * Channels];
  sideBySideOf<Channels>(lanes, Vectors * kLength, tile.positions, mixed);
  auto* const to = static_cast<Stored*>(tile.output);
  if (tile.outputStep == Channels) return store(mixed, to, tile.positions * Channels);
  Stored values[Vectors * kLength * Channels];
  store(mixed, values, tile.positions * Channels);
  for (int p = 0; p < tile.positions; ++p) {
    for (int c = 0; c < Channels; ++c) to[p * tile.outputStep + c] = values[p * Channels + c];
  }
}

template <typename Operands, int Channels, int Vectors>
void planarTile(const PlanarTile& tile, Storage output) {
  // Sums of every other input apart, where those of one alone are too few to keep the processor busy.
  constexpr int kApart = kLength == 16 && Channels * Vectors < 12 ? 2 : 1;
  Vector sums[Channels][Vectors], apart[Channels][Vectors];
  for (int c = 0; c < Channels; ++c) {
    for (int v = 0; v < Vectors; ++v) {
      sums[c][v] = all(tile.bias ? tile.bias[c] : 0.f);
      apart[c][v] = Vector{};
    }
  }
  const auto add = [](Vector (&to)[Channels][Vectors], const void* x, ptrdiff_t at,
                      const typename Operands::Value* weights) {
    typename Operands::Weights values[Vectors];
    for (int v = 0; v < Vectors; ++v) {
      values[v] = Operands::weights(x, at + v * kLength);
      keepInRegister(values[v]);
    }
    for (int c = 0; c < Channels; ++c) {
      for (int v = 0; v < Vectors; ++v) {
        to[c][v] = Operands::addTo(to[c][v], values[v], weights + c * Operands::kTogether);
      }
    }
  };
  constexpr int kWeights = Channels * Operands::kTogether;
  for (int r = 0; r < tile.rowCount; ++r) {
    const void* const row = tile.rows[r];
    const auto* weights = static_cast<const typename Operands::Value*>(tile.weights[r]);
    for (int tap = 0; tap < tile.taps; ++tap) {
      ptrdiff_t at = tile.firstInput + tap;
      int in = 0;
      if constexpr (kApart == 2) {
        for (; in + 2 <= tile.inputs; in += 2, at += 2 * tile.channelStep, weights += 2 * kWeights) {
          add(sums, row, at, weights);
          add(apart, row, at + tile.channelStep, weights + kWeights);
        }
      }
      for (; in < tile.inputs; ++in, at += tile.channelStep, weights += kWeights) {
        add(sums, row, at, weights);
      }
    }
  }
  float lanes[Channels * Vectors * kLength];
  for (int c = 0; c < Channels; ++c) {
    for (int v = 0; v < Vectors; ++v) {
      storeVector(lanes + (c * Vectors + v) * kLength, kApart == 2 ? sums[c][v] + apart[c][v] : sums[c][v]);
    }
  }
  if (output == Storage::Float32) {
    interleave<float, Channels, Vectors>(lanes, tile);
  } else {
    interleave<uint16_t, Channels, Vectors>(lanes, tile);
  }
}

template <typename Operands, int Taps, int Channels>
void planarFilterTile(const PlanarFilterTile& tile) {
  typedef typename Operands::Value Value;
  constexpr ptrdiff_t kStep = kLength * Operands::kTogether;
  Vector sums[Taps][Channels];
  for (int t = 0; t < Taps; ++t) {
    for (int c = 0; c < Channels; ++c) {
      sums[t][c] = loadVector(tile.sums + (t * Channels + c) * kLength);
    }
  }
  for (int r = 0; r < tile.rowCount; ++r) {
    const auto* const x = static_cast<const Value*>(tile.inputs[r]) + tile.firstInput;
    const auto* const dy = static_cast<const Value*>(tile.gradients[r]);
    for (ptrdiff_t at = 0; at < tile.gradientStep; at += kStep) {
      typename Operands::Weights gradient[Channels];
      for (int c = 0; c < Channels; ++c) {
        gradient[c] = Operands::values(dy + c * tile.gradientStep + at);
        keepInRegister(gradient[c]);
      }
      for (int t = 0; t < Taps; ++t) {
        typename Operands::Weights value = Operands::values(x + t + at);
        keepInRegister(value);
        for (int c = 0; c < Channels; ++c) {
          sums[t][c] = Operands::addAll(sums[t][c], value, gradient[c]);
        }
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
template <typename Operands, int Channels, int Vectors>
void planarOf(const PlanarTile& tile, Storage output) {
  if constexpr (Vectors > 1) {
    if (tile.positions <= (Vectors - 1) * kLength) {
      return planarOf<Operands, Channels, Vectors - 1>(tile, output);
    }
  }
  planarTile<Operands, Channels, Vectors>(tile, output);
}

template <typename Operands, int Channels>
void slidePlanesOf(const PlanarTile& tile, Storage output) {
  if constexpr (Channels > 1) {
    if (tile.channels != Channels) return slidePlanesOf<Operands, Channels - 1>(tile, output);
  }
  planarOf<Operands, Channels, planarVectors(Channels)>(tile, output);
}

template <typename Operands, int Taps, int Channels>
void planarFilterOf(const PlanarFilterTile& tile) {
  if constexpr (Taps > 1) {
    if (tile.taps != Taps) return planarFilterOf<Operands, Taps - 1, Channels>(tile);
  }
  if constexpr (Channels > 1) {
    if (tile.channels != Channels) return planarFilterOf<Operands, Taps, Channels - 1>(tile);
  }
  planarFilterTile<Operands, Taps, Channels>(tile);
}

void slidePlanes(const PlanarTile& tile, Storage operands, Storage output) {
  if (operands == Storage::Float32) return slidePlanesOf<Singles, kMostPlanarChannels>(tile, output);
  slidePlanesOf<Pairs, kMostPlanarChannels>(tile, output);
}

void planarFilterGradient(const PlanarFilterTile& tile, Storage operands) {
  if (operands == Storage::Float32) {
    return planarFilterOf<Singles, kMostPlanarTaps, kMostPlanarChannels>(tile);
  }
  planarFilterOf<Pairs, kMostPlanarTaps, kMostPlanarChannels>(tile);
}

}  // namespace
}  // namespace fedvox
