#include "packed-filter.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

namespace fedvox {
namespace {

constexpr int64_t kWordsWorthAThread = 16 * 1024;

// The weights of one tap and input channel for output channels [first, first + count).
void copyWeights(const Filter& filter, int64_t cell, int64_t in, int64_t first, int64_t count,
                 float* to) {
  const float* const from = filter.values + cell * filter.a * filter.b;
  if (!filter.isTransposed) {
    std::copy_n(from + in * filter.b + first, count, to);
    return;
  }
  for (int64_t lane = 0; lane < count; ++lane) to[lane] = from[(first + lane) * filter.b + in];
}

}  // namespace

Blocks blocksOf(int64_t channels) {
  const auto& simd = kernels();
  const int vectors = channels > simd.vectorLength ? 2 : 1;
  const int64_t lanes = static_cast<int64_t>(vectors) * simd.vectorLength;
  return {vectors, lanes, (channels + lanes - 1) / lanes,
          vectors == 2 ? simd.tileOfTwo : simd.tileOfOne};
}

PackedFilter::PackedFilter(const Filter& filter, const Phase* const (&axes)[3],
                           const Blocks& blocks, Storage operands, bool isEven) {
  const int64_t inputs = filter.isTransposed ? filter.b : filter.a;
  places_ = isEven ? inputs + inputs % 2 : inputs;
  const int64_t values = axes[2]->span() * places_;
  tapRows_ = axes[0]->span() * axes[1]->span();
  rowLength_ = operands == Storage::Float32 ? values : (values + 1) / 2;
  rowWords_ = rowLength_ * blocks.lanes;
  words_.resize(blocks.count * tapRows_ * rowWords_);
  if (words_.empty()) return;  // No tap meets the image at this phase.
  at::parallel_for(0, blocks.count * tapRows_, 1 + kWordsWorthAThread / (rowWords_ + 1),
                   [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      packRow(filter, axes, row / tapRows_ * blocks.lanes, row % tapRows_, blocks, operands,
              words_.data() + row * rowWords_);
    }
  });
}

void PackedFilter::packRow(const Filter& filter, const Phase* const (&axes)[3], int64_t firstLane,
                           int64_t tapRow, const Blocks& blocks, Storage operands,
                           uint32_t* to) const {
  const auto& [deep, high, wide] = axes;
  const int64_t inputs = filter.isTransposed ? filter.b : filter.a;
  const int64_t outputs = filter.isTransposed ? filter.a : filter.b;
  const int64_t d = deep->taps[tapRow / high->span()], h = high->taps[tapRow % high->span()];
  const int64_t present = std::min(blocks.lanes, outputs - firstLane);
  // One row of lanes more, so that pairs have a second where values are odd.
  std::vector<float> row((wide->span() * places_ + 1) * blocks.lanes, 0.f);
  for (int64_t place = 0; place < wide->span(); ++place) {
    float* at = row.data() + place * places_ * blocks.lanes;
    for (int64_t in = 0; in < inputs; ++in, at += blocks.lanes) {
      for (int64_t position = 0; position < wide->group; ++position) {
        const int64_t w = wide->taps[place * wide->group + position];
        if (w < 0) continue;
        const int64_t cell = (d * filter.taps[1] + h) * filter.taps[2] + w;
        copyWeights(filter, cell, in, firstLane, present, at + position * outputs);
      }
    }
  }
  if (operands == Storage::Float32) {
    std::memcpy(to, row.data(), rowWords_ * sizeof(float));
    return;
  }
  for (int64_t pair = 0; pair < rowLength_; ++pair) {
    const float* const first = row.data() + 2 * pair * blocks.lanes;
    kernels().pairUp(first, first + blocks.lanes, to + pair * blocks.lanes, blocks.lanes);
  }
}

}  // namespace fedvox
