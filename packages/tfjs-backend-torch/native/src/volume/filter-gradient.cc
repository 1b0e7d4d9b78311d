#include "filter-gradient.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "rows.h"

namespace fedvox {
namespace {

// Positions that one tile sums before it puts its sums back: enough that putting them back costs
// little, few enough that what neighbouring tiles read stays in the first cache.
constexpr int64_t kPositionsAtOnce = 160;
// What the rows of one block of positions may take, so that they stay in a core's own cache.
constexpr int64_t kScratchFloats = 48 * 1024;
// A filter of few weights is summed by positions, in so many slices; one of many by weights. Fixed, so that
// sums do not depend on the number of threads.
constexpr int64_t kFewWeights = 32 * 1024;
constexpr int64_t kSlices = 16;
constexpr int64_t kParts = 32;

// Output rows of some planes of one sample.
struct Block {
  int64_t sample, plane, planes, row, rows;
};

class FilterGradient {
 public:
  FilterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3])
      : simd_(kernels()),
        input_(input),
        gradient_(gradient),
        phases_(phases),
        own_(forwardPhases(gradient.size[2], 1, 1, 0)[0]),
        outputs_(phases[2].group * gradient.channels),
        vectors_(outputs_ > simd_.vectorLength ? 2 : 1),
        lanes_(static_cast<int64_t>(vectors_) * simd_.vectorLength),
        blocks_((outputs_ + lanes_ - 1) / lanes_),
        rowLength_(phases[2].span() * input.channels),
        tapRows_(phases[0].span() * phases[1].span()),
        tiles_((rowLength_ + longestTile() - 1) / longestTile()),
        weights_(blocks_ * tapRows_ * rowLength_ * lanes_) {
    // The last block's vectors reach beyond the channels: into the next position, which does no harm, and
    // at the very end out of the volume. So the last row is read from a copy with room behind it.
    const int64_t rowFloats = gradient.size[2] * gradient.channels;
    if (gradient.storage == Storage::Float32) {
      const auto* values = static_cast<const float*>(gradient.values);
      lastRow_.assign(rowFloats + lanes_, 0.f);
      std::copy_n(values + (rowsOfGradient() - 1) * rowFloats, rowFloats, lastRow_.data());
    }
  }

  void run(float* to) {
    const auto blocks = cut();
    const int64_t many = static_cast<int64_t>(blocks.size());
    const bool byPositions = weights_ <= kFewWeights;
    const int64_t slices = byPositions ? std::min(kSlices, many) : 1;
    const int64_t items = tapRows_ * blocks_ * tiles_;
    const int64_t parts = byPositions ? 1 : std::min(kParts, items);
    sums_ = at::zeros({slices, weights_}, at::kFloat);
    at::parallel_for(0, slices * parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index) {
        const int64_t slice = index / parts, part = index % parts;
        float* const sums = sums_.data_ptr<float>() + slice * weights_;
        for (int64_t block = many * slice / slices; block < many * (slice + 1) / slices; ++block) {
          sumBlock(blocks[block], items * part / parts, items * (part + 1) / parts, sums);
        }
      }
    });
    if (slices > 1) sums_ = sums_.sum(0);
    unpack(to);
  }

 private:
  int64_t longestTile() const { return vectors_ == 2 ? simd_.tileOfTwo : simd_.tileOfOne; }
  int64_t rowsOfGradient() const {
    return gradient_.batch * gradient_.size[0] * gradient_.size[1];
  }

  // Blocks of output rows whose input fits the scratch.
  std::vector<Block> cut() const {
    const auto& [deep, high, wide] = phases_;
    const int64_t rowFloats = wide.reach(wide.outputs) * input_.channels;
    const auto fits = [&](int64_t planes, int64_t rows) {
      return deep.reach(planes) * high.reach(rows) * rowFloats <= kScratchFloats;
    };
    int64_t rows = high.outputs, planes = 1;
    while (rows > 1 && !fits(1, rows)) rows = (rows + 1) / 2;
    while (rows == high.outputs && planes < deep.outputs && fits(planes + 1, rows)) ++planes;
    std::vector<Block> blocks;
    for (int64_t sample = 0; sample < gradient_.batch; ++sample) {
      for (int64_t plane = 0; plane < deep.outputs; plane += planes) {
        for (int64_t row = 0; row < high.outputs; row += rows) {
          blocks.push_back({sample, plane, std::min(planes, deep.outputs - plane), row,
                            std::min(rows, high.outputs - row)});
        }
      }
    }
    return blocks;
  }

  // Adds what a block gives to the tiles [begin, end) of all.
  void sumBlock(const Block& block, int64_t begin, int64_t end, float* sums) const {
    const auto& [deep, high, wide] = phases_;
    static thread_local std::vector<float> inputScratch, gradientScratch;
    Rows inputs(input_, wide, inputScratch), gradients(gradient_, own_, gradientScratch);
    const int64_t firstRow = high.firstInput + block.row * high.inputStep;
    const int64_t from = std::clamp<int64_t>(firstRow, 0, input_.size[1]);
    const int64_t until = std::clamp<int64_t>(firstRow + high.reach(block.rows), from, input_.size[1]);
    inputs.fetch(block.sample, deep.firstInput + block.plane * deep.inputStep,
                 deep.reach(block.planes), from, until - from);
    gradients.fetch(block.sample, block.plane, block.planes, block.row, block.rows);

    const int64_t rowsAtOnce = std::max<int64_t>(1, kPositionsAtOnce / wide.outputs);
    const int64_t total = block.planes * block.rows, perTapRow = blocks_ * tiles_;
    std::vector<const float*> met, along;
    for (int64_t first = 0; first < total; first += rowsAtOnce) {
      const int64_t last = std::min(first + rowsAtOnce, total);
      for (int64_t item = begin; item < end;) {
        const int64_t tapRow = item / perTapRow;
        collect(block, first, last, tapRow, inputs, gradients, met, along);
        const int64_t next = std::min(end, (tapRow + 1) * perTapRow);
        for (; item < next; ++item) sumTile(tapRow, item - tapRow * perTapRow, met, along, sums);
      }
    }
  }

  // Of the block's output rows [first, last), those that meet a row of the input in a tap row.
  void collect(const Block& block, int64_t first, int64_t last, int64_t tapRow, const Rows& inputs,
               const Rows& gradients, std::vector<const float*>& met,
               std::vector<const float*>& along) const {
    const auto& [deep, high, wide] = phases_;
    const int64_t firstPlane = deep.firstInput + tapRow / high.span();
    const int64_t firstRow = high.firstInput + tapRow % high.span();
    met.clear();
    along.clear();
    int64_t plane = block.plane + first / block.rows, row = block.row + first % block.rows;
    for (int64_t index = first; index < last; ++index) {
      const int64_t inputPlane = firstPlane + plane * deep.inputStep;
      const int64_t inputRow = firstRow + row * high.inputStep;
      if (inputPlane >= 0 && inputPlane < input_.size[0] && inputRow >= 0 && inputRow < input_.size[1]) {
        met.push_back(inputs.at(inputPlane, inputRow));
        along.push_back(gradientRow(gradients, block.sample, plane, row));
      }
      if (++row == block.row + block.rows) {
        row = block.row;
        ++plane;
      }
    }
  }

  const float* gradientRow(const Rows& rows, int64_t sample, int64_t plane, int64_t row) const {
    const bool isLast = sample + 1 == gradient_.batch && plane + 1 == gradient_.size[0] &&
                        row + 1 == gradient_.size[1];
    return isLast && !lastRow_.empty() ? lastRow_.data() : rows.at(plane, row);
  }

  void sumTile(int64_t tapRow, int64_t item, std::vector<const float*>& met,
               std::vector<const float*>& along, float* sums) const {
    const int64_t block = item / tiles_, index = item % tiles_;
    const int64_t first = rowLength_ * index / tiles_;
    FilterTile tile;
    tile.inputs = met.data();
    tile.gradients = along.data();
    tile.rowCount = static_cast<int>(met.size());
    tile.firstInput = first;
    tile.firstGradient = block * lanes_;
    tile.positions = static_cast<int>(phases_[2].outputs);
    tile.inputStep = phases_[2].inputStep * input_.channels;
    tile.gradientStep = outputs_;
    tile.sums = sums + ((block * tapRows_ + tapRow) * rowLength_ + first) * lanes_;
    tile.weights = static_cast<int>(rowLength_ * (index + 1) / tiles_ - first);
    simd_.filterGradient(tile, vectors_);
  }

  // From [block, tap row, place in the row, input channel, lane] to [tap row, tap, input channel, output
  // channel]: positions of a group that met the same tap are summed.
  void unpack(float* to) const {
    const Phase& wide = phases_[2];
    const int64_t places = wide.span(), group = wide.group;
    const int64_t channels = input_.channels, outputs = gradient_.channels;
    const int64_t taps = 1 + *std::max_element(wide.taps.begin(), wide.taps.end());
    const float* const from = sums_.data_ptr<float>();
    std::fill_n(to, tapRows_ * taps * channels * outputs, 0.f);
    for (int64_t block = 0; block < blocks_; ++block) {
      const int64_t first = block * lanes_, present = std::min(lanes_, outputs - first);
      for (int64_t index = 0; index < tapRows_ * places * channels; ++index) {
        const float* const sums = from + (block * tapRows_ * places * channels + index) * lanes_;
        const int64_t tapRow = index / channels / places, place = index / channels % places;
        for (int64_t position = 0; position < group; ++position) {
          const int64_t tap = wide.taps[place * group + position];
          if (tap < 0) continue;
          float* const weights =
              to + ((tapRow * taps + tap) * channels + index % channels) * outputs + first;
          for (int64_t lane = 0; lane < present; ++lane) {
            weights[lane] += sums[position * outputs + lane];
          }
        }
      }
    }
  }

  const Kernels& simd_;
  const Volume& input_;
  const Volume& gradient_;
  const Phase (&phases_)[3];
  const Phase own_;
  const int64_t outputs_;  // of a group of positions
  const int vectors_;
  const int64_t lanes_, blocks_, rowLength_, tapRows_, tiles_, weights_;
  std::vector<float> lastRow_;
  at::Tensor sums_;
};

}  // namespace

void filterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3],
                    float* sums) {
  FilterGradient(input, gradient, phases).run(sums);
}

}  // namespace fedvox
