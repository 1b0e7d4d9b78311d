#include "sliding-tiles.h"

#include <algorithm>

namespace fedvox {
namespace {

int64_t pieces(int64_t count, int64_t most) { return (count + most - 1) / most; }

// Vectors of output channels, of a group of positions where they are few.
class ChannelTiles final : public SlidingTiles {
 public:
  ChannelTiles(const Volume& input, const float* bias, int64_t group, const Volume& output)
      : SlidingTiles(Layout::Interleaved, input.storage, blocksOf(group * output.channels), output),
        inputs_(input.channels),
        channels_(group * output.channels) {
    if (bias == nullptr) return;
    bias_.assign(blocks_.count * blocks_.lanes, 0.f);
    for (int64_t at = 0; at < channels_; at += output.channels) {
      std::copy_n(bias, output.channels, bias_.data() + at);
    }
  }

  void slide(const Meeting& met, const Rows&, void* row) const override {
    const Phase& wide = *met.wide;
    const int64_t values = wide.span() * inputs_, firstChannel = met.block * blocks_.lanes;
    const auto& simd = kernels();
    SlideTile tile;
    tile.rows = met.rows.data();
    tile.weights = met.weights.data();
    tile.rowCount = met.count;
    tile.length = static_cast<int>(operands_ == Storage::Float32 ? values : (values + 1) / 2);
    tile.rowStep = wide.inputStep * inputs_;
    tile.bias = bias_.empty() ? nullptr : bias_.data() + firstChannel;
    tile.outputStep = wide.outputStep * output_.channels;
    tile.channels = static_cast<int>(std::min(blocks_.lanes, channels_ - firstChannel));
    const int64_t tiles = pieces(wide.outputs, blocks_.longestTile);
    for (int64_t index = 0; index < tiles; ++index) {
      const int64_t first = wide.outputs * index / tiles;
      tile.positions = static_cast<int>(wide.outputs * (index + 1) / tiles - first);
      tile.firstInput = met.firstInput * inputs_ + first * tile.rowStep;
      tile.output = at(row, wide.firstOutput + first * wide.outputStep, firstChannel);
      simd.slide(tile, blocks_.vectors, operands_, output_.storage);
    }
  }

 private:
  const int64_t inputs_;
  const int64_t channels_;  // of a group of positions
  std::vector<float> bias_;
};

bool isPaired(const Volume& input) {
  return input.storage == Storage::BFloat16 && input.channels > 1;
}

// Vectors of neighbouring positions; in bfloat16 of pairs of channels, where there is more than one.
class PlanarTiles final : public SlidingTiles {
 public:
  PlanarTiles(const Volume& input, const float* bias, const Volume& output)
      : SlidingTiles(isPaired(input) ? Layout::PlanarPaired : Layout::Planar,
                     isPaired(input) ? Storage::BFloat16 : Storage::Float32,
                     planarBlocks(output.channels), output),
        inputs_(isPaired(input) ? pieces(input.channels, 2) : input.channels),
        bias_(bias) {}

  void slide(const Meeting& met, const Rows& source, void* row) const override {
    const Phase& wide = *met.wide;
    const auto& simd = kernels();
    const int64_t length = simd.vectorLength, vectors = pieces(wide.outputs, length);
    const int64_t tiles = pieces(vectors, simd.planarVectors[output_.channels - 1]);
    PlanarTile tile;
    tile.rows = met.rows.data();
    tile.weights = met.weights.data();
    tile.rowCount = met.count;
    tile.taps = static_cast<int>(wide.span());
    tile.inputs = static_cast<int>(inputs_);
    tile.channels = static_cast<int>(output_.channels);
    tile.channelStep = source.channelStep();
    tile.bias = bias_;
    tile.outputStep = wide.outputStep * output_.channels;
    for (int64_t index = 0; index < tiles; ++index) {
      const int64_t first = vectors * index / tiles * length;
      const int64_t end = std::min(vectors * (index + 1) / tiles * length, wide.outputs);
      tile.positions = static_cast<int>(end - first);
      tile.firstInput = met.firstInput + first;
      tile.output = at(row, wide.firstOutput + first * wide.outputStep, 0);
      simd.slidePlanes(tile, operands_, output_.storage);
    }
  }

 private:
  const int64_t inputs_;
  const float* const bias_;
};

}  // namespace

std::unique_ptr<SlidingTiles> slidingTilesFor(Layout layout, const Volume& input, const float* bias,
                                              int64_t group, const Volume& output) {
  if (layout == Layout::Planar) return std::make_unique<PlanarTiles>(input, bias, output);
  return std::make_unique<ChannelTiles>(input, bias, group, output);
}

}  // namespace fedvox
