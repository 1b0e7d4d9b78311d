#pragma once

// The tiles that convolutions and their gradients are made of.

#include "vector.h"

namespace fedvox {
namespace {

// As many sums as the registers hold beside the operands; a fused multiply-add takes four cycles, and two
// start in each, so eight is the least that keeps the processor busy.
constexpr int kTileOfOne = 12;
constexpr int kTileOfTwo = 6;

template <int Positions, size_t Lanes, typename Stored>
void putTile(const float (&values)[Positions][Lanes], const SlideTile& tile, Stored* to) {
  const int channels = tile.channels;
  const ptrdiff_t step = tile.outputStep;
  for (int p = 0; p < Positions; ++p) {
    for (int c = 0; c < channels; ++c) putOne(to + p * step + c, values[p][c]);
  }
}

template <int Positions, int Vectors>
void slideTile(const SlideTile& tile, Storage storage) {
  Vector sums[Positions][Vectors];
  for (int p = 0; p < Positions; ++p) {
    for (int v = 0; v < Vectors; ++v) {
      sums[p][v] = tile.bias ? loadVector(tile.bias + v * kLength) : Vector{};
    }
  }
  const ptrdiff_t step = tile.rowStep;
  const int length = tile.length;
  for (int r = 0; r < tile.rowCount; ++r) {
    const float* x = tile.rows[r];
    const float* w = tile.weights[r];
#pragma GCC unroll 2
    for (int j = 0; j < length; ++j) {
      Vector weights[Vectors];
      for (int v = 0; v < Vectors; ++v) weights[v] = loadVector(w + (j * Vectors + v) * kLength);
      for (int p = 0; p < Positions; ++p) {
        const Vector value = all(x[p * step + j]);
        for (int v = 0; v < Vectors; ++v) sums[p][v] += value * weights[v];
      }
    }
  }
  const ptrdiff_t outputStep = tile.outputStep;
  if (tile.channels == Vectors * kLength && storage == Storage::Float32) {
    float* to = static_cast<float*>(tile.output);
    for (int p = 0; p < Positions; ++p) {
      for (int v = 0; v < Vectors; ++v) storeVector(to + p * outputStep + v * kLength, sums[p][v]);
    }
    return;
  }
  float values[Positions][Vectors * kLength];
  for (int p = 0; p < Positions; ++p) {
    for (int v = 0; v < Vectors; ++v) storeVector(values[p] + v * kLength, sums[p][v]);
  }
  if (storage == Storage::Float32) {
    putTile<Positions>(values, tile, static_cast<float*>(tile.output));
  } else {
    putTile<Positions>(values, tile, static_cast<uint16_t*>(tile.output));
  }
}

template <int Weights, int Vectors>
void filterTile(const FilterTile& tile) {
  float* const kept = tile.sums;
  Vector sums[Weights][Vectors];
  for (int t = 0; t < Weights; ++t) {
    for (int v = 0; v < Vectors; ++v) sums[t][v] = loadVector(kept + (t * Vectors + v) * kLength);
  }
  for (int r = 0; r < tile.rowCount; ++r) {
    const float* x = tile.inputs[r];
    const float* dy = tile.gradients[r];
    for (int p = 0; p < tile.positions; ++p) {
      Vector gradient[Vectors];
      for (int v = 0; v < Vectors; ++v) gradient[v] = loadVector(dy + v * kLength);
      for (int t = 0; t < Weights; ++t) {
        const Vector value = all(x[t]);
        for (int v = 0; v < Vectors; ++v) sums[t][v] += value * gradient[v];
      }
      x += tile.inputStep;
      dy += tile.gradientStep;
    }
  }
  for (int t = 0; t < Weights; ++t) {
    for (int v = 0; v < Vectors; ++v) storeVector(kept + (t * Vectors + v) * kLength, sums[t][v]);
  }
}

// Calls the instance of a template whose first parameter is `size`, at most `Size`.
template <int Size, int Vectors>
void slideOf(const SlideTile& tile, Storage storage) {
  if constexpr (Size > 1) {
    if (tile.positions != Size) return slideOf<Size - 1, Vectors>(tile, storage);
  }
  slideTile<Size, Vectors>(tile, storage);
}

template <int Size, int Vectors>
void filterOf(const FilterTile& tile) {
  if constexpr (Size > 1) {
    if (tile.weights != Size) return filterOf<Size - 1, Vectors>(tile);
  }
  filterTile<Size, Vectors>(tile);
}

void slide(const SlideTile& tile, int vectors, Storage storage) {
  if (vectors == 2) return slideOf<kTileOfTwo, 2>(tile, storage);
  slideOf<kTileOfOne, 1>(tile, storage);
}

void filterGradient(const FilterTile& tile, int vectors) {
  if (vectors == 2) return filterOf<kTileOfTwo, 2>(tile);
  filterOf<kTileOfOne, 1>(tile);
}

}  // namespace
}  // namespace fedvox
