#pragma once

#include <vector>

#include "pieces.h"
#include "sliding.h"

namespace fedvox {

// How a row lies in memory: [position][channel], as volumes have it; the same, each value paired with the
// one that takes its place at the next output; [channel][position]; or [pair of channels][position], where an odd last
// channel's partner is zero. Pairs are of bfloat16.
enum class Layout { Interleaved, Paired, Planar, PlanarPaired };

// How tiles want the rows of an input for so many output channels: planar where they are few, positions
// enough to fill vectors with follow one another, and taps enough to be worth turning the rows.
Layout layoutFor(int64_t outputChannels, const std::vector<Phase>& wide, int64_t taps);

// Rows of a volume as the tiles read them: in the storage that they multiply, and along a row with zeros
// where the filter reaches out of the volume. What lies in memory so already is read there; the rest is
// copied when it is fetched.
class Rows {
 public:
  // @param wide along the rows: which part of them is read
  // @param operands float32, or bfloat16 of a volume stored so; pairs are of bfloat16
  // @param scratch a thread's own, so that rows stay in its cache
  Rows(const Volume& volume, const Phase& wide, Storage operands, Layout layout,
       std::vector<float>& scratch);

  // Makes those rows readable that a piece of the output meets and that exist, in place of the last piece's.
  void fetch(const Piece& piece, const Phase& deep, const Phase& high);

  // A row of what was fetched, at the first position that the filter meets.
  const void* at(int64_t plane, int64_t row) const {
    if (!copies_) return valuesOf(plane, row);
    return scratch_.data() + ((plane - plane_) * rows_ + row - row_) * rowFloats_;
  }

  // From one channel, or pair, of a planar row to the next, in what it holds.
  int64_t channelStep() const { return channelStep_; }

 private:
  int64_t rowIndex(int64_t plane, int64_t row) const {
    return (sample_ * volume_.size[0] + plane) * volume_.size[1] + row;
  }
  const void* valuesOf(int64_t plane, int64_t row) const {
    const int64_t index = (rowIndex(plane, row) * volume_.size[2] + from_) * volume_.channels;
    return static_cast<const char*>(volume_.values) + index * bytesOf(volume_.storage);
  }
  void copyRow(int64_t plane, int64_t row, float* to) const;
  void copyPairedRow(int64_t plane, int64_t row, float* to) const;
  void copyPlanarRow(int64_t plane, int64_t row, float* to) const;

  const Volume& volume_;
  const Storage operands_;
  const Layout layout_;
  const int64_t width_, inputStep_, channelStep_, rowFloats_;
  // The part of a row that exists, and where it begins in what is read.
  const int64_t from_, count_, before_;
  const bool copies_;
  std::vector<float>& scratch_;
  int64_t sample_ = 0, plane_ = 0, row_ = 0, rows_ = 0;
};

}  // namespace fedvox
