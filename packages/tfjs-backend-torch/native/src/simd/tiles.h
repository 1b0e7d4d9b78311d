#pragma once

// The tiles that convolutions and their gradients are made of.

#include "vector.h"

namespace fedvox {
namespace {

// As many sums as the registers hold beside the operands; a fused multiply-add takes four cycles, and two
// start in each, so eight is the least that keeps the processor busy.
constexpr int kTileOfOne = 12;
constexpr int kTileOfTwo = 6;

// Not inlined: as a loop in the middle of a tile it would take the sums out of their registers.
template <typename Stored>
__attribute__((noinline)) void putPart(Stored* to, Vector values, int count) {
  float lanes[kLength];
  storeVector(lanes, values);
  for (int lane = 0; lane < count; ++lane) putOne(to + lane, lanes[lane]);
}

template <int Positions, int Vectors, typename Stored>
inline void putTile(const Vector (&sums)[Positions][Vectors], const SlideTile& tile) {
  auto* const to = static_cast<Stored*>(tile.output);
  const ptrdiff_t step = tile.outputStep;
  const int channels = tile.channels;
  // Where positions lie side by side a whole vector may reach into the next ones, which come later.
  const int spill = Vectors * kLength - channels;
  const bool mayReach = spill == 0 || step == channels;
  for (int p = 0; p < Positions; ++p) {
    if (mayReach && (Positions - 1 - p) * step >= spill) {
      for (int v = 0; v < Vectors; ++v) put(to + p * step + v * kLength, sums[p][v]);
    } else {
      for (int v = 0; v < Vectors && v * kLength < channels; ++v) {
        const int left = channels - v * kLength;
        putPart(to + p * step + v * kLength, sums[p][v], left < kLength ? left : kLength);
      }
    }
  }
}

// What a tile multiplies: single float32 values, or pairs of bfloat16.
struct Singles {
  typedef float Value;
  typedef Vector Weights;
  static constexpr int kTogether = 1;
  static Weights weights(const void* from, ptrdiff_t index) {
    return loadVector(static_cast<const float*>(from) + index);
  }
  static Weights values(const float* from) { return loadVector(from); }
  static Vector addTo(Vector sums, Weights weights, const float* x) { return sums + all(*x) * weights; }
  static Vector addAll(Vector sums, Weights a, Weights b) { return sums + a * b; }
};

struct Pairs {
  typedef uint16_t Value;
  typedef Words Weights;
  static constexpr int kTogether = 2;
  static Weights weights(const void* from, ptrdiff_t index) {
    return *reinterpret_cast<const Words*>(static_cast<const uint32_t*>(from) + index);
  }
  static Weights values(const uint16_t* from) { return *reinterpret_cast<const LooseWords*>(from); }
  static Vector addTo(Vector sums, Weights weights, const uint16_t* x) {
    uint32_t pair;
    __builtin_memcpy(&pair, x, sizeof pair);
    return addProducts(sums, weights, pair - Words{});
  }
  static Vector addAll(Vector sums, Weights a, Weights b) { return addProducts(sums, a, b); }
};

template <typename Operands, int Positions, int Vectors>
void slideTile(const SlideTile& tile, Storage output) {
  Vector sums[Positions][Vectors];
  for (int v = 0; v < Vectors; ++v) {
    const Vector start = tile.bias ? loadVector(tile.bias + v * kLength) : Vector{};
    for (int p = 0; p < Positions; ++p) sums[p][v] = start;
  }
  const ptrdiff_t step = tile.rowStep;
  const int length = tile.length;
  for (int r = 0; r < tile.rowCount; ++r) {
    const auto* x = static_cast<const typename Operands::Value*>(tile.rows[r]) + tile.firstInput;
    const void* const w = tile.weights[r];
#pragma GCC unroll 2
    for (int j = 0; j < length; ++j) {
      typename Operands::Weights weights[Vectors];
      for (int v = 0; v < Vectors; ++v) {
        weights[v] = Operands::weights(w, static_cast<ptrdiff_t>(j * Vectors + v) * kLength);
      }
      for (int p = 0; p < Positions; ++p) {
        const auto* at = x + p * step + j * Operands::kTogether;
        for (int v = 0; v < Vectors; ++v) sums[p][v] = Operands::addTo(sums[p][v], weights[v], at);
      }
    }
  }
  if (output == Storage::Float32) {
    putTile<Positions, Vectors, float>(sums, tile);
  } else {
    putTile<Positions, Vectors, uint16_t>(sums, tile);
  }
}

template <typename Operands, int Weights, int Vectors>
void filterTile(const FilterTile& tile) {
  typedef typename Operands::Value Value;
  constexpr int kTogether = Operands::kTogether;
  float* const kept = tile.sums;
  Vector sums[Weights][Vectors];
  for (int t = 0; t < Weights; ++t) {
    for (int v = 0; v < Vectors; ++v) sums[t][v] = loadVector(kept + (t * Vectors + v) * kLength);
  }
  for (int r = 0; r < tile.rowCount; ++r) {
    const auto* x = static_cast<const Value*>(tile.inputs[r]) + tile.firstInput * kTogether;
    ptrdiff_t dy = tile.firstGradient;
    for (int p = 0; p < tile.positions; ++p) {
      typename Operands::Weights gradient[Vectors];
      for (int v = 0; v < Vectors; ++v) {
        gradient[v] = Operands::weights(tile.gradients[r], dy + v * kLength);
      }
      for (int t = 0; t < Weights; ++t) {
        for (int v = 0; v < Vectors; ++v) {
          sums[t][v] = Operands::addTo(sums[t][v], gradient[v], x + t * kTogether);
        }
      }
      x += tile.inputStep * kTogether;
      dy += tile.gradientStep;
    }
  }
  for (int t = 0; t < Weights; ++t) {
    for (int v = 0; v < Vectors; ++v) storeVector(kept + (t * Vectors + v) * kLength, sums[t][v]);
  }
}

// Calls the instance of a template whose tile has the size at hand, at most `Size`.
template <typename Operands, int Size, int Vectors>
void slideOf(const SlideTile& tile, Storage output) {
  if constexpr (Size > 1) {
    if (tile.positions != Size) return slideOf<Operands, Size - 1, Vectors>(tile, output);
  }
  slideTile<Operands, Size, Vectors>(tile, output);
}

template <typename Operands, int Size, int Vectors>
void filterOf(const FilterTile& tile) {
  if constexpr (Size > 1) {
    if (tile.weights != Size) return filterOf<Operands, Size - 1, Vectors>(tile);
  }
  filterTile<Operands, Size, Vectors>(tile);
}

void slide(const SlideTile& tile, int vectors, Storage operands, Storage output) {
  const bool single = operands == Storage::Float32;
  if (vectors == 2) {
    return single ? slideOf<Singles, kTileOfTwo, 2>(tile, output)
                  : slideOf<Pairs, kTileOfTwo, 2>(tile, output);
  }
  return single ? slideOf<Singles, kTileOfOne, 1>(tile, output)
                : slideOf<Pairs, kTileOfOne, 1>(tile, output);
}

void filterGradient(const FilterTile& tile, int vectors, Storage operands) {
  const bool single = operands == Storage::Float32;
  if (vectors == 2) {
    return single ? filterOf<Singles, kTileOfTwo, 2>(tile) : filterOf<Pairs, kTileOfTwo, 2>(tile);
  }
  return single ? filterOf<Singles, kTileOfOne, 1>(tile) : filterOf<Pairs, kTileOfOne, 1>(tile);
}

}  // namespace
}  // namespace fedvox
