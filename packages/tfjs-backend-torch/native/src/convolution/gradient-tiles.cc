#include "gradient-tiles.h"

#include <algorithm>

#include "packed-filter.h"

namespace fedvox {
namespace {

// Of which a planar tile reads few values each, a channel tile a vector or more.
constexpr int64_t kPositionsOfChannels = 160;
constexpr int64_t kPositionsOfPlanes = 640;

// Vectors of output channels, of neighbouring positions where they are few:
// sums [block][place along the row × input channel][lane], packed rows [block][row][position, by pairs in
// bfloat16][lane].
class ChannelTiles final : public GradientTiles {
 public:
  ChannelTiles(int64_t inputs, int64_t channels, Phase wide, Storage operands)
      : GradientTiles(operands == Storage::Float32 ? Layout::Interleaved : Layout::Paired, operands,
                      std::move(wide)),
        inputs_(inputs),
        channels_(channels),
        outputs_(wide_.group * channels),
        cut_(blocksOf(outputs_)),
        rowLength_(wide_.span() * inputs),
        tiles_((rowLength_ + cut_.longestTile - 1) / cut_.longestTile) {
    blocks_ = cut_.count;
    perTapRow_ = blocks_ * tiles_;
    sumsPerTapRow_ = blocks_ * rowLength_ * cut_.lanes;
    positionsAtOnce_ = kPositionsOfChannels;
    together_ = operands == Storage::Float32 ? 1 : 2;
    taken_ = (wide_.outputs + together_ - 1) / together_;
    packedRow_ = taken_ * cut_.lanes;
  }

  void pack(const void* values, int64_t row, int64_t rows, float* packed) const override {
    const auto* const floats = static_cast<const float*>(values);
    const auto* const halves = static_cast<const uint16_t*>(values);
    for (int64_t block = 0; block < blocks_; ++block) {
      const int64_t first = block * cut_.lanes, present = std::min(cut_.lanes, outputs_ - first);
      float* to = packed + (block * rows + row) * packedRow_;
      for (int64_t at = 0; at < taken_; ++at, to += cut_.lanes) {
        const int64_t from = at * together_ * outputs_ + first;
        if (together_ == 1) {
          std::copy_n(floats + from, present, to);
        } else {
          kernels().pairAlong(halves + from, outputs_, reinterpret_cast<uint32_t*>(to), present);
        }
      }
    }
  }

  void sum(int64_t index, const std::vector<const void*>& inputs,
           const std::vector<const void*>& gradients, const Rows&, int64_t rows,
           float* sums) const override {
    const int64_t block = index / tiles_, place = index % tiles_;
    const int64_t first = rowLength_ * place / tiles_;
    FilterTile tile;
    tile.inputs = inputs.data();
    tile.gradients = gradients.data();
    tile.rowCount = static_cast<int>(inputs.size());
    tile.firstInput = first;
    tile.firstGradient = block * rows * packedRow_;
    tile.positions = static_cast<int>(taken_);
    tile.inputStep = together_ * wide_.inputStep * inputs_;
    tile.gradientStep = cut_.lanes;
    tile.sums = sums + (block * rowLength_ + first) * cut_.lanes;
    tile.weights = static_cast<int>(rowLength_ * (place + 1) / tiles_ - first);
    kernels().filterGradient(tile, cut_.vectors, operands_);
  }

  // Positions of a group that met the same tap are summed.
  void unpack(const float* from, float* to) const override {
    for (int64_t block = 0; block < blocks_; ++block) {
      const int64_t first = block * cut_.lanes, present = std::min(cut_.lanes, channels_ - first);
      for (int64_t place = 0; place < wide_.span(); ++place) {
        for (int64_t in = 0; in < inputs_; ++in, from += cut_.lanes) {
          for (int64_t position = 0; position < wide_.group; ++position) {
            const int64_t tap = wide_.taps[place * wide_.group + position];
            if (tap < 0) continue;
            float* const weights = to + (tap * inputs_ + in) * channels_ + first;
            const float* const sums = from + position * channels_;
            for (int64_t lane = 0; lane < present; ++lane) weights[lane] += sums[lane];
          }
        }
      }
    }
  }

 private:
  const int64_t inputs_, channels_;
  const int64_t outputs_;  // of a group of positions
  const Blocks cut_;
  const int64_t rowLength_, tiles_;
  int64_t together_, taken_;  // positions that are taken at a time, and how often along a row
};

// Vectors of neighbouring positions, in bfloat16 of two in each lane: sums [input channel][tap][output channel][lane],
// packed rows [channel][position], up to a whole vector.
class PlanarTiles final : public GradientTiles {
 public:
  PlanarTiles(int64_t inputs, int64_t channels, Phase wide, Storage operands)
      : GradientTiles(Layout::Planar, operands, std::move(wide)),
        inputs_(inputs),
        channels_(channels),
        lanes_(kernels().vectorLength),
        together_(operands == Storage::Float32 ? 1 : 2),
        span_(wide_.span()),
        positions_((wide_.outputs + together_ * lanes_ - 1) / (together_ * lanes_) * together_ * lanes_),
        tiles_((span_ + kMostPlanarTaps - 1) / kMostPlanarTaps) {
    perTapRow_ = inputs * tiles_;
    sumsPerTapRow_ = inputs * span_ * channels * lanes_;
    positionsAtOnce_ = kPositionsOfPlanes;
    packedRow_ = channels * positions_ / together_;
  }

  void pack(const void* values, int64_t row, int64_t, float* packed) const override {
    float* const to = packed + row * packedRow_;
    if (operands_ == Storage::Float32) {
      return kernels().planes(values, operands_, wide_.outputs, channels_, to, positions_);
    }
    kernels().halfPlanes(static_cast<const uint16_t*>(values), wide_.outputs, channels_,
                         reinterpret_cast<uint16_t*>(to), positions_);
  }

  void sum(int64_t index, const std::vector<const void*>& inputs,
           const std::vector<const void*>& gradients, const Rows& source, int64_t,
           float* sums) const override {
    const int64_t in = index / tiles_, place = index % tiles_;
    const int64_t first = span_ * place / tiles_;
    PlanarFilterTile tile;
    tile.inputs = inputs.data();
    tile.gradients = gradients.data();
    tile.rowCount = static_cast<int>(inputs.size());
    tile.firstInput = in * source.channelStep() + first;
    tile.gradientStep = positions_;
    tile.sums = sums + (in * span_ + first) * channels_ * lanes_;
    tile.taps = static_cast<int>(span_ * (place + 1) / tiles_ - first);
    tile.channels = static_cast<int>(channels_);
    kernels().planarFilterGradient(tile, operands_);
  }

  void unpack(const float* from, float* to) const override {
    for (int64_t in = 0; in < inputs_; ++in) {
      for (int64_t tap = 0; tap < span_; ++tap) {
        for (int64_t channel = 0; channel < channels_; ++channel, from += lanes_) {
          float& weight = to[(tap * inputs_ + in) * channels_ + channel];
          for (int64_t lane = 0; lane < lanes_; ++lane) weight += from[lane];
        }
      }
    }
  }

 private:
  const int64_t inputs_, channels_, lanes_;
  const int64_t together_;  // positions in a lane
  const int64_t span_, positions_;
  const int64_t tiles_;  // of an input channel
};

}  // namespace

std::unique_ptr<GradientTiles> gradientTilesFor(int64_t inputChannels, int64_t outputChannels,
                                                const Phase (&phases)[3], Storage operands) {
  const auto& [deep, high, wide] = phases;
  const int64_t taps = deep.span() * high.span() * wide.span();
  if (layoutFor(outputChannels, {wide}, taps) == Layout::Planar) {
    return std::make_unique<PlanarTiles>(inputChannels, outputChannels, wide, operands);
  }
  return std::make_unique<ChannelTiles>(
      inputChannels, outputChannels, grouped({wide}, outputChannels, kernels().vectorLength).front(),
      operands);
}

}  // namespace fedvox
