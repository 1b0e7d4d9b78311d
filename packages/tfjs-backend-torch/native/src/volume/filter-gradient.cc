#include "filter-gradient.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "packed-filter.h"
#include "pieces.h"
#include "rows.h"
#include "work.h"

namespace fedvox {
namespace {

// Positions that one tile sums before it puts its sums back: enough that putting them back costs
// little, few enough that what neighbouring tiles read stays in the first cache.
constexpr int64_t kPositionsAtOnce = 160;
// A filter of few weights is summed by positions, in so many slices: fixed, so that sums do not depend on
// the number of threads. One of many is cut by weights into a part for each thread, since each part reads
// the whole input.
constexpr int64_t kFewWeights = 32 * 1024;
constexpr int64_t kSlices = 16;

class FilterGradient {
 public:
  FilterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3])
      : simd_(kernels()),
        input_(input),
        gradient_(gradient),
        phases_(phases),
        outputs_(phases[2].group * gradient.channels),
        blocks_(blocksOf(outputs_)),
        lanes_(blocks_.lanes),
        rowLength_(phases[2].span() * input.channels),
        tapRows_(phases[0].span() * phases[1].span()),
        tiles_((rowLength_ + blocks_.longestTile - 1) / blocks_.longestTile),
        weights_(blocks_.count * tapRows_ * rowLength_ * lanes_) {}

  void run(float* to) {
    const bool byPositions = weights_ <= kFewWeights;
    const auto pieces = cutIntoPieces(
        gradient_.batch, phases_[0], phases_[1],
        phases_[2].reach(phases_[2].outputs) * input_.channels, byPositions ? kSlices : 1);
    const int64_t many = static_cast<int64_t>(pieces.size());
    const int64_t slices = byPositions ? std::min(kSlices, many) : 1;
    const int64_t items = tapRows_ * blocks_.count * tiles_;
    const int64_t parts = byPositions ? 1 : std::min<int64_t>(at::get_num_threads(), items);
    sums_ = at::zeros({slices, weights_}, at::kFloat);
    eachAsTaken(slices * parts, [&](int64_t index) {
      const int64_t slice = index / parts, part = index % parts;
      float* const sums = sums_.data_ptr<float>() + slice * weights_;
      for (int64_t piece = many * slice / slices; piece < many * (slice + 1) / slices; ++piece) {
        sumPiece(pieces[piece], items * part / parts, items * (part + 1) / parts, sums);
      }
    });
    if (slices > 1) sums_ = sums_.sum(0);
    unpack(to);
  }

 private:
  // Adds what a piece gives to the tiles [begin, end) of all.
  void sumPiece(const Piece& piece, int64_t begin, int64_t end, float* sums) const {
    const auto& [deep, high, wide] = phases_;
    static thread_local std::vector<float> inputScratch, gradients;
    Rows inputs(input_, wide, Storage::Float32, inputScratch);
    inputs.fetch(piece, deep, high);
    pack(piece, gradients);

    const int64_t rowsAtOnce = std::max<int64_t>(1, kPositionsAtOnce / wide.outputs);
    const int64_t total = piece.planes * piece.rows, perTapRow = blocks_.count * tiles_;
    std::vector<const float*> met, along;
    for (int64_t first = 0; first < total; first += rowsAtOnce) {
      const int64_t last = std::min(first + rowsAtOnce, total);
      for (int64_t item = begin; item < end;) {
        const int64_t tapRow = item / perTapRow;
        collect(piece, first, last, tapRow, inputs, gradients.data(), met, along);
        const int64_t next = std::min(end, (tapRow + 1) * perTapRow);
        for (; item < next; ++item) sumTile(piece, tapRow, item - tapRow * perTapRow, met, along, sums);
      }
    }
  }

  // The gradient's rows as the tiles read them, [block][row][position][lane]: side by side, and with zeros
  // where there is no channel.
  void pack(const Piece& piece, std::vector<float>& packed) const {
    const int64_t positions = phases_[2].outputs, rows = piece.planes * piece.rows;
    const int64_t rowValues = positions * outputs_;
    packed.assign(blocks_.count * rows * positions * lanes_, 0.f);
    std::vector<float> values(rowValues);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t plane = piece.sample * gradient_.size[0] + piece.plane + row / piece.rows;
      const int64_t at = (plane * gradient_.size[1] + piece.row + row % piece.rows) * rowValues;
      simd_.load(static_cast<const char*>(gradient_.values) + at * bytesOf(gradient_.storage),
                 gradient_.storage, values.data(), rowValues);
      for (int64_t block = 0; block < blocks_.count; ++block) {
        const int64_t first = block * lanes_, present = std::min(lanes_, outputs_ - first);
        float* to = packed.data() + (block * rows + row) * positions * lanes_;
        for (int64_t position = 0; position < positions; ++position, to += lanes_) {
          std::copy_n(values.data() + position * outputs_ + first, present, to);
        }
      }
    }
  }

  // Of the piece's output rows [first, last), those that meet a row of the input in a tap row.
  void collect(const Piece& piece, int64_t first, int64_t last, int64_t tapRow, const Rows& inputs,
               const float* gradients, std::vector<const float*>& met,
               std::vector<const float*>& along) const {
    const auto& [deep, high, wide] = phases_;
    const int64_t firstPlane = deep.firstInput + tapRow / high.span();
    const int64_t firstRow = high.firstInput + tapRow % high.span();
    met.clear();
    along.clear();
    int64_t plane = piece.plane + first / piece.rows, row = piece.row + first % piece.rows;
    for (int64_t index = first; index < last; ++index) {
      const int64_t inputPlane = firstPlane + plane * deep.inputStep;
      const int64_t inputRow = firstRow + row * high.inputStep;
      if (inputPlane >= 0 && inputPlane < input_.size[0] && inputRow >= 0 && inputRow < input_.size[1]) {
        met.push_back(static_cast<const float*>(inputs.at(inputPlane, inputRow)));
        along.push_back(gradients + index * wide.outputs * lanes_);
      }
      if (++row == piece.row + piece.rows) {
        row = piece.row;
        ++plane;
      }
    }
  }

  void sumTile(const Piece& piece, int64_t tapRow, int64_t item,
               const std::vector<const float*>& met, const std::vector<const float*>& along,
               float* sums) const {
    const int64_t block = item / tiles_, index = item % tiles_;
    const int64_t first = rowLength_ * index / tiles_;
    FilterTile tile;
    tile.inputs = met.data();
    tile.gradients = along.data();
    tile.rowCount = static_cast<int>(met.size());
    tile.firstInput = first;
    tile.firstGradient = block * piece.planes * piece.rows * phases_[2].outputs * lanes_;
    tile.positions = static_cast<int>(phases_[2].outputs);
    tile.inputStep = phases_[2].inputStep * input_.channels;
    tile.gradientStep = lanes_;
    tile.sums = sums + ((block * tapRows_ + tapRow) * rowLength_ + first) * lanes_;
    tile.weights = static_cast<int>(rowLength_ * (index + 1) / tiles_ - first);
    simd_.filterGradient(tile, blocks_.vectors);
  }

  // From [block, tap row, place in the row, input channel, lane] to [tap row, tap, input channel, output
  // channel]: positions of a group that met the same tap are summed.
  void unpack(float* to) const {
    const Phase& wide = phases_[2];
    const int64_t taps = 1 + *std::max_element(wide.taps.begin(), wide.taps.end());
    const int64_t channels = input_.channels, outputs = gradient_.channels;
    at::parallel_for(0, tapRows_, 1 + kFewWeights / (rowLength_ * outputs_), [&](int64_t begin, int64_t end) {
      std::fill(to + begin * taps * channels * outputs, to + end * taps * channels * outputs, 0.f);
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t block = 0; block < blocks_.count; ++block) {
          unpackRow(block, row, to + row * taps * channels * outputs);
        }
      }
    });
  }

  void unpackRow(int64_t block, int64_t tapRow, float* to) const {
    const Phase& wide = phases_[2];
    const int64_t channels = input_.channels, outputs = gradient_.channels;
    const int64_t first = block * lanes_, present = std::min(lanes_, outputs - first);
    const float* from = sums_.data_ptr<float>() + (block * tapRows_ + tapRow) * rowLength_ * lanes_;
    for (int64_t place = 0; place < wide.span(); ++place) {
      for (int64_t in = 0; in < channels; ++in, from += lanes_) {
        for (int64_t position = 0; position < wide.group; ++position) {
          const int64_t tap = wide.taps[place * wide.group + position];
          if (tap < 0) continue;
          float* const weights = to + (tap * channels + in) * outputs + first;
          const float* const sums = from + position * outputs;
          for (int64_t lane = 0; lane < present; ++lane) weights[lane] += sums[lane];
        }
      }
    }
  }

  const Kernels& simd_;
  const Volume& input_;
  const Volume& gradient_;
  const Phase (&phases_)[3];
  const int64_t outputs_;  // of a group of positions
  const Blocks blocks_;
  const int64_t lanes_, rowLength_, tapRows_, tiles_, weights_;
  at::Tensor sums_;
};

}  // namespace

void filterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3],
                    float* sums) {
  FilterGradient(input, gradient, phases).run(sums);
}

}  // namespace fedvox
