#include "rows.h"

#include <algorithm>

namespace fedvox {

Rows::Rows(const Volume& volume, const Phase& wide, std::vector<float>& scratch)
    : volume_(volume),
      first_(wide.firstInput),
      width_(wide.reach(wide.outputs)),
      floats_(width_ * volume.channels),
      copies_(volume.storage != Storage::Float32 || first_ < 0 || first_ + width_ > volume.size[2]),
      scratch_(scratch) {}

void Rows::fetch(int64_t sample, int64_t plane, int64_t planes, int64_t row, int64_t rows) {
  sample_ = sample;
  plane_ = plane;
  row_ = row;
  rows_ = rows;
  if (!copies_) return;
  const auto floats = static_cast<size_t>(planes * rows * floats_);
  if (scratch_.size() < floats) scratch_.resize(floats);
  for (int64_t p = std::max<int64_t>(plane, 0); p < std::min(plane + planes, volume_.size[0]); ++p) {
    for (int64_t r = row; r < row + rows; ++r) {
      copyRow(p, r, scratch_.data() + ((p - plane) * rows + r - row) * floats_);
    }
  }
}

void Rows::copyRow(int64_t plane, int64_t row, float* to) const {
  const int64_t channels = volume_.channels, length = volume_.size[2];
  const int64_t from = std::clamp<int64_t>(first_, 0, length);
  const int64_t until = std::clamp<int64_t>(first_ + width_, from, length);
  const int64_t before = std::clamp<int64_t>(from - first_, 0, width_);
  const int64_t offset = (rowIndex(plane, row) * length + from) * channels;
  const int64_t bytes = volume_.storage == Storage::Float32 ? 4 : 2;
  std::fill_n(to, before * channels, 0.f);
  kernels().load(static_cast<const char*>(volume_.values) + offset * bytes, volume_.storage,
                 to + before * channels, (until - from) * channels);
  std::fill(to + (before + until - from) * channels, to + floats_, 0.f);
}

}  // namespace fedvox
