#include "rows.h"

#include <algorithm>
#include <cstring>

namespace fedvox {
namespace {

// Room for a row's values and one more, of which pairs may want half: an odd number of cache lines, since
// rows that are a power of two apart would contend for the same few places of a cache.
int64_t roomFor(int64_t values, Storage operands) {
  const int64_t floats = operands == Storage::Float32 ? values : values / 2 + 1;
  return ((floats + 15) / 16 | 1) * 16;
}

}  // namespace

Rows::Rows(const Volume& volume, const Phase& wide, Storage operands, std::vector<float>& scratch)
    : volume_(volume),
      operands_(operands),
      first_(wide.firstInput),
      width_(wide.reach(wide.outputs)),
      rowFloats_(roomFor(width_ * volume.channels, operands)),
      copies_(volume.storage != operands || first_ < 0 || first_ + width_ > volume.size[2] ||
              (operands == Storage::BFloat16 && wide.span() * volume.channels % 2 != 0)),
      scratch_(scratch) {}

void Rows::fetch(const Piece& piece, const Phase& deep, const Phase& high) {
  const int64_t first = high.firstInput + piece.row * high.inputStep;
  const int64_t end = std::min(first + high.reach(piece.rows), volume_.size[1]);
  const int64_t plane = deep.firstInput + piece.plane * deep.inputStep;
  const int64_t planes = deep.reach(piece.planes);
  const int64_t row = std::clamp<int64_t>(first, 0, volume_.size[1]);
  const int64_t rows = std::max<int64_t>(0, end - row);
  sample_ = piece.sample;
  plane_ = plane;
  row_ = row;
  rows_ = rows;
  if (!copies_) return;
  const auto floats = static_cast<size_t>(planes * rows * rowFloats_);
  if (scratch_.size() < floats) scratch_.resize(floats);
  for (int64_t p = std::max<int64_t>(plane, 0); p < std::min(plane + planes, volume_.size[0]); ++p) {
    for (int64_t r = row; r < row + rows; ++r) {
      copyRow(p, r, scratch_.data() + ((p - plane) * rows + r - row) * rowFloats_);
    }
  }
}

void Rows::copyRow(int64_t plane, int64_t row, float* to) const {
  const int64_t channels = volume_.channels, length = volume_.size[2];
  const int64_t from = std::clamp<int64_t>(first_, 0, length);
  const int64_t until = std::clamp<int64_t>(first_ + width_, from, length);
  const int64_t before = std::clamp<int64_t>(from - first_, 0, width_) * channels;
  const int64_t count = (until - from) * channels;
  const int64_t offset = (rowIndex(plane, row) * length + from) * channels;
  const char* const source =
      static_cast<const char*>(volume_.values) + offset * bytesOf(volume_.storage);
  const int64_t bytes = bytesOf(operands_);
  char* const values = reinterpret_cast<char*>(to);
  std::memset(values, 0, before * bytes);
  if (operands_ == Storage::Float32) {
    kernels().load(source, volume_.storage, to + before, count);
  } else {
    std::memcpy(values + before * bytes, source, count * bytes);
  }
  const int64_t end = (before + count) * bytes;
  std::memset(values + end, 0, rowFloats_ * static_cast<int64_t>(sizeof(float)) - end);
}

}  // namespace fedvox
