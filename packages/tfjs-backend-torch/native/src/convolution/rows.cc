#include "rows.h"

#include <algorithm>
#include <cstring>

namespace fedvox {
namespace {

// A tap costs a multiplication for each vector, turning a value costs a few.
constexpr int64_t kTapsWorthTurning = 8;

bool isOfWords(Storage operands, Layout layout) {
  return operands == Storage::Float32 || layout == Layout::Paired || layout == Layout::PlanarPaired;
}

// Room for a row's values and one more, of which pairs may want half: an odd number of cache lines, since
// rows that are a power of two apart would contend for the same few places of a cache.
int64_t roomFor(int64_t values, Storage operands, Layout layout) {
  const int64_t floats = isOfWords(operands, layout) ? values : values / 2 + 1;
  return ((floats + 15) / 16 | 1) * 16;
}

// From one plane of a row to the next: the last vector may reach beyond the row.
int64_t planeOf(int64_t width, Storage operands, Layout layout) {
  return width + kernels().vectorLength * (isOfWords(operands, layout) ? 1 : 2);
}

int64_t valuesIn(int64_t width, int64_t channels, int64_t plane, Layout layout) {
  if (layout == Layout::Planar) return plane * channels;
  if (layout == Layout::PlanarPaired) return plane * ((channels + 1) / 2);
  return width * channels;
}

}  // namespace

Layout layoutFor(int64_t outputChannels, const std::vector<Phase>& wide, int64_t taps) {
  const Phase& most = wide.front();
  const bool isPlanar = outputChannels <= kMostPlanarChannels && most.inputStep == 1 &&
                        most.outputs >= kernels().vectorLength && taps >= kTapsWorthTurning;
  return isPlanar ? Layout::Planar : Layout::Interleaved;
}

Rows::Rows(const Volume& volume, const Phase& wide, Storage operands, Layout layout,
           std::vector<float>& scratch)
    : volume_(volume),
      operands_(operands),
      layout_(layout),
      width_(wide.reach(wide.outputs)),
      inputStep_(wide.inputStep),
      channelStep_(planeOf(width_, operands, layout)),
      rowFloats_(roomFor(valuesIn(width_, volume.channels, channelStep_, layout), operands, layout)),
      from_(std::clamp<int64_t>(wide.firstInput, 0, volume.size[2])),
      count_(std::clamp<int64_t>(wide.firstInput + width_, from_, volume.size[2]) - from_),
      before_(std::clamp<int64_t>(from_ - wide.firstInput, 0, width_)),
      copies_(layout != Layout::Interleaved || volume.storage != operands || count_ < width_ ||
              (operands == Storage::BFloat16 && volume.channels % 2 != 0)),
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
  if (layout_ == Layout::Planar || layout_ == Layout::PlanarPaired) return copyPlanarRow(plane, row, to);
  if (layout_ == Layout::Paired) return copyPairedRow(plane, row, to);
  const int64_t before = before_ * volume_.channels, count = count_ * volume_.channels;
  const int64_t bytes = bytesOf(operands_);
  char* const values = reinterpret_cast<char*>(to);
  std::memset(values, 0, before * bytes);
  if (operands_ == Storage::Float32) {
    kernels().load(valuesOf(plane, row), volume_.storage, to + before, count);
  } else {
    std::memcpy(values + before * bytes, valuesOf(plane, row), count * bytes);
  }
  const int64_t end = (before + count) * bytes;
  std::memset(values + end, 0, rowFloats_ * static_cast<int64_t>(sizeof(float)) - end);
}

void Rows::copyPairedRow(int64_t plane, int64_t row, float* to) const {
  const int64_t channels = volume_.channels, apart = inputStep_ * channels;
  // Zeros too where the last output's values have none beside them.
  static thread_local std::vector<uint16_t> values;
  values.assign(width_ * channels + apart, 0);
  std::memcpy(values.data() + before_ * channels, valuesOf(plane, row),
              count_ * channels * sizeof(uint16_t));
  kernels().pairAlong(values.data(), apart, reinterpret_cast<uint32_t*>(to), width_ * channels);
}

void Rows::copyPlanarRow(int64_t plane, int64_t row, float* to) const {
  const int64_t channels = volume_.channels;
  std::memset(to, 0, rowFloats_ * sizeof(float));
  const void* const from = valuesOf(plane, row);
  if (operands_ == Storage::Float32) {
    return kernels().planes(from, volume_.storage, count_, channels, to + before_, channelStep_);
  }
  const auto* const halves = static_cast<const uint16_t*>(from);
  if (layout_ == Layout::Planar) {
    return kernels().halfPlanes(halves, count_, channels, reinterpret_cast<uint16_t*>(to) + before_,
                                channelStep_);
  }
  kernels().pairPlanes(halves, count_, channels, reinterpret_cast<uint32_t*>(to) + before_, channelStep_);
}

}  // namespace fedvox
