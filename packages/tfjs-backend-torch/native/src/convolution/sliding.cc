#include "sliding.h"

#include <algorithm>

#include "packed-filter.h"
#include "pieces.h"
#include "sliding-tiles.h"
#include "work.h"

namespace fedvox {
namespace {

// Enough that all threads are busy to the end.
constexpr int64_t kLeastPieces = 32;

// Outputs that meet the same weights.
struct Pattern {
  const Phase &deep, &high, &wide;
  PackedFilter filter;
};

class Sliding {
 public:
  // @param phases outlive this
  Sliding(const Volume& input, const Filter& filter, const std::vector<Phase> (&phases)[3],
          const SlidingTiles& tiles, const Volume& output)
      : input_(input),
        tiles_(tiles),
        output_(output),
        deep_(whole(phases[0])),
        high_(whole(phases[1])),
        wide_(whole(phases[2])) {
    for (const auto& deep : phases[0]) {
      for (const auto& high : phases[1]) {
        for (const auto& wide : phases[2]) {
          const Phase* const axes[]{&deep, &high, &wide};
          patterns_.push_back(
              {deep, high, wide, PackedFilter(filter, axes, tiles.blocks(), tiles.operands(),
                                              tiles.layout() == Layout::PlanarPaired)});
        }
      }
    }
  }

  // Each piece writes outputs of its own.
  void run() const {
    const int64_t rowFloats = wide_.reach(wide_.outputs) * input_.channels;
    const auto pieces = cutIntoPieces(output_.batch, deep_, high_, rowFloats, kLeastPieces);
    eachAsTaken(static_cast<int64_t>(pieces.size()), [&](int64_t index) { slidePiece(pieces[index]); });
  }

 private:
  // All patterns take turns on what was fetched.
  void slidePiece(const Piece& piece) const {
    static thread_local std::vector<float> scratch;
    Rows source(input_, wide_, tiles_.operands(), tiles_.layout(), scratch);
    source.fetch(piece, deep_, high_);
    Meeting met;
    met.rows.resize(deep_.span() * high_.span());
    met.weights.resize(met.rows.size());
    for (const auto& pattern : patterns_) {
      const auto& [deep, high, wide, filter] = pattern;
      const int64_t planes = std::min(piece.plane + piece.planes, deep.outputs);
      const int64_t rows = std::min(piece.row + piece.rows, high.outputs);
      met.wide = &wide;
      met.firstInput = wide.firstInput - wide_.firstInput;
      for (met.block = 0; met.block < tiles_.blocks().count; ++met.block) {
        for (int64_t plane = piece.plane; plane < planes; ++plane) {
          for (int64_t row = piece.row; row < rows; ++row) {
            meet(pattern, plane, row, source, met);
            const int64_t outputPlane =
                piece.sample * output_.size[0] + deep.firstOutput + plane * deep.outputStep;
            const int64_t outputRow = high.firstOutput + row * high.outputStep;
            tiles_.slide(met, source, rowOf(outputPlane * output_.size[1] + outputRow));
          }
        }
      }
    }
  }

  // What output row `row` of plane `plane`, both counted in the pattern, meets.
  void meet(const Pattern& pattern, int64_t plane, int64_t row, const Rows& source,
            Meeting& met) const {
    const auto& [deep, high, wide, filter] = pattern;
    const int64_t firstPlane = deep.firstInput + plane * deep.inputStep, planes = deep.span();
    const int64_t firstRow = high.firstInput + row * high.inputStep, rows = high.span();
    const int64_t lastPlane = std::min(planes, input_.size[0] - firstPlane);
    const int64_t lastRow = std::min(rows, input_.size[1] - firstRow);
    met.count = 0;
    for (int64_t p = std::max<int64_t>(0, -firstPlane); p < lastPlane; ++p) {
      for (int64_t r = std::max<int64_t>(0, -firstRow); r < lastRow; ++r) {
        met.rows[met.count] = source.at(firstPlane + p, firstRow + r);
        met.weights[met.count++] = filter.row(met.block, p * rows + r);
      }
    }
  }

  void* rowOf(int64_t index) const {
    const int64_t first = index * output_.size[2] * output_.channels;
    return static_cast<char*>(output_.values) + first * bytesOf(output_.storage);
  }

  const Volume& input_;
  const SlidingTiles& tiles_;
  const Volume& output_;
  const Phase deep_, high_, wide_;  // whatever any of the patterns meets
  std::vector<Pattern> patterns_;
};

}  // namespace

void slideOver(const Volume& input, const Filter& filter, const float* bias,
               const std::vector<Phase> (&phases)[3], const Volume& output) {
  const auto& [deep, high, wide] = filter.taps;
  const Layout layout = layoutFor(output.channels, phases[2], deep * high * wide);
  const auto& widths = phases[2];
  const std::vector<Phase> cut[]{
      phases[0], phases[1],
      layout == Layout::Planar ? widths : grouped(widths, output.channels, kernels().vectorLength)};
  const auto tiles = slidingTilesFor(layout, input, bias, cut[2].front().group, output);
  Sliding(input, filter, cut, *tiles, output).run();
}

}  // namespace fedvox
