#include "pieces.h"

#include <algorithm>

namespace fedvox {
namespace {

constexpr int64_t kCacheFloats = 48 * 1024;
// Fewer rows than these are not worth the weights that they read.
constexpr int64_t kFewestRows = 12;

int64_t evenly(int64_t total, int64_t most) {
  const int64_t parts = (total + most - 1) / most;
  return (total + parts - 1) / parts;
}

}  // namespace

std::vector<Piece> cutIntoPieces(int64_t batch, const Phase& deep, const Phase& high,
                                 int64_t rowFloats, int64_t least) {
  const int64_t most = std::max(kFewestRows, batch * deep.outputs * high.outputs / least);
  int64_t planesAtOnce = 1, rowsAtOnce = 1;
  double leastRead = 0;
  for (int64_t planes = 1; planes <= std::min(deep.outputs, most); ++planes) {
    const int64_t inputRows = kCacheFloats / std::max<int64_t>(1, rowFloats * deep.reach(planes));
    const int64_t fitting = (inputRows - high.span()) / high.inputStep + 1;
    if (fitting < 1 && planes > 1) break;
    const int64_t rows =
        evenly(high.outputs, std::clamp<int64_t>(std::min(fitting, most / planes), 1, high.outputs));
    const double read = static_cast<double>(deep.reach(planes) * high.reach(rows)) /
                        static_cast<double>(planes * rows);
    if (planes == 1 || read < leastRead) {
      planesAtOnce = planes;
      rowsAtOnce = rows;
      leastRead = read;
    }
  }
  planesAtOnce = evenly(deep.outputs, planesAtOnce);

  std::vector<Piece> pieces;
  for (int64_t sample = 0; sample < batch; ++sample) {
    for (int64_t plane = 0; plane < deep.outputs; plane += planesAtOnce) {
      for (int64_t row = 0; row < high.outputs; row += rowsAtOnce) {
        pieces.push_back({sample, plane, std::min(planesAtOnce, deep.outputs - plane), row,
                          std::min(rowsAtOnce, high.outputs - row)});
      }
    }
  }
  return pieces;
}

}  // namespace fedvox
