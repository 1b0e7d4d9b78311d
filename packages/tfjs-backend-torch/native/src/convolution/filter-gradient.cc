#include "filter-gradient.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

#include "gradient-tiles.h"
#include "pieces.h"
#include "work.h"

namespace fedvox {
namespace {

// A filter of few weights is summed by positions, in so many slices: fixed, so that sums do not depend on
// the number of threads. One of many is cut by weights into a part for each thread, since each part reads
// the whole input.
constexpr int64_t kFewSums = 32 * 1024;
constexpr int64_t kSlices = 16;

class FilterGradient {
 public:
  FilterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3])
      : simd_(kernels()),
        input_(input),
        gradient_(gradient),
        deep_(phases[0]),
        high_(phases[1]),
        tiles_(gradientTilesFor(input.channels, gradient.channels, phases,
                                input.storage == gradient.storage ? input.storage : Storage::Float32)),
        tapRows_(deep_.span() * high_.span()),
        filterRow_(phases[2].span() * input.channels * gradient.channels) {}

  void run(float* to) {
    const int64_t many = tapRows_ * tiles_->sumsPerTapRow();
    const bool byPositions = many <= kFewSums;
    const Phase& wide = tiles_->wide();
    const auto pieces = cutIntoPieces(gradient_.batch, deep_, high_,
                                      wide.reach(wide.outputs) * input_.channels,
                                      byPositions ? kSlices : 1);
    const auto count = static_cast<int64_t>(pieces.size());
    const int64_t slices = byPositions ? std::min(kSlices, count) : 1;
    const int64_t tiles = tapRows_ * tiles_->perTapRow();
    const int64_t parts = byPositions ? 1 : std::min<int64_t>(at::get_num_threads(), tiles);
    sums_ = at::zeros({slices, many}, at::kFloat);
    eachAsTaken(slices * parts, [&](int64_t index) {
      const int64_t slice = index / parts, part = index % parts;
      float* const sums = sums_.data_ptr<float>() + slice * many;
      for (int64_t piece = count * slice / slices; piece < count * (slice + 1) / slices; ++piece) {
        sumPiece(pieces[piece], tiles * part / parts, tiles * (part + 1) / parts, sums);
      }
    });
    if (slices > 1) sums_ = sums_.sum(0);
    unpack(to);
  }

 private:
  // Adds what a piece gives to the tiles [begin, end) of all.
  void sumPiece(const Piece& piece, int64_t begin, int64_t end, float* sums) const {
    static thread_local std::vector<float> inputScratch, gradients;
    Rows inputs(input_, tiles_->wide(), tiles_->operands(), tiles_->layout(), inputScratch);
    inputs.fetch(piece, deep_, high_);
    pack(piece, gradients);

    const int64_t rowsAtOnce = std::max<int64_t>(1, tiles_->positionsAtOnce() / tiles_->wide().outputs);
    const int64_t rows = piece.planes * piece.rows, perTapRow = tiles_->perTapRow();
    std::vector<const void*> met, along;
    for (int64_t first = 0; first < rows; first += rowsAtOnce) {
      const int64_t last = std::min(first + rowsAtOnce, rows);
      for (int64_t tile = begin; tile < end;) {
        const int64_t tapRow = tile / perTapRow;
        collect(piece, first, last, tapRow, inputs, gradients.data(), met, along);
        float* const tapRowSums = sums + tapRow * tiles_->sumsPerTapRow();
        const int64_t next = std::min(end, (tapRow + 1) * perTapRow);
        for (; tile < next; ++tile) {
          tiles_->sum(tile - tapRow * perTapRow, met, along, inputs, rows, tapRowSums);
        }
      }
    }
  }

  void pack(const Piece& piece, std::vector<float>& packed) const {
    const int64_t rows = piece.planes * piece.rows;
    const int64_t rowValues = gradient_.size[2] * gradient_.channels;
    packed.assign(tiles_->blocks() * rows * tiles_->packedRow(), 0.f);
    // Zeros after the row, with which its last position makes a pair where it has no neighbour.
    std::vector<float> values(2 * rowValues);
    const bool isRead = tiles_->operands() != gradient_.storage;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t plane = piece.sample * gradient_.size[0] + piece.plane + row / piece.rows;
      const int64_t at = (plane * gradient_.size[1] + piece.row + row % piece.rows) * rowValues;
      const char* const from =
          static_cast<const char*>(gradient_.values) + at * bytesOf(gradient_.storage);
      if (isRead) {
        simd_.load(from, gradient_.storage, values.data(), rowValues);
      } else {
        std::memcpy(values.data(), from, rowValues * bytesOf(gradient_.storage));
      }
      tiles_->pack(values.data(), row, rows, packed.data());
    }
  }

  // Of the piece's output rows [first, last), those that meet a row of the input in a tap row.
  void collect(const Piece& piece, int64_t first, int64_t last, int64_t tapRow, const Rows& inputs,
               const float* gradients, std::vector<const void*>& met,
               std::vector<const void*>& along) const {
    const int64_t firstPlane = deep_.firstInput + tapRow / high_.span();
    const int64_t firstRow = high_.firstInput + tapRow % high_.span();
    met.clear();
    along.clear();
    int64_t plane = piece.plane + first / piece.rows, row = piece.row + first % piece.rows;
    for (int64_t index = first; index < last; ++index) {
      const int64_t inputPlane = firstPlane + plane * deep_.inputStep;
      const int64_t inputRow = firstRow + row * high_.inputStep;
      if (inputPlane >= 0 && inputPlane < input_.size[0] && inputRow >= 0 && inputRow < input_.size[1]) {
        met.push_back(inputs.at(inputPlane, inputRow));
        along.push_back(gradients + index * tiles_->packedRow());
      }
      if (++row == piece.row + piece.rows) {
        row = piece.row;
        ++plane;
      }
    }
  }

  void unpack(float* to) const {
    const int64_t sums = tiles_->sumsPerTapRow();
    at::parallel_for(0, tapRows_, 1 + kFewSums / sums, [&](int64_t begin, int64_t end) {
      std::fill(to + begin * filterRow_, to + end * filterRow_, 0.f);
      for (int64_t row = begin; row < end; ++row) {
        tiles_->unpack(sums_.data_ptr<float>() + row * sums, to + row * filterRow_);
      }
    });
  }

  const Kernels& simd_;
  const Volume& input_;
  const Volume& gradient_;
  const Phase &deep_, &high_;
  const std::unique_ptr<GradientTiles> tiles_;
  const int64_t tapRows_;
  const int64_t filterRow_;  // weights of a tap row
  at::Tensor sums_;
};

}  // namespace

void filterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3],
                    float* sums) {
  FilterGradient(input, gradient, phases).run(sums);
}

}  // namespace fedvox
