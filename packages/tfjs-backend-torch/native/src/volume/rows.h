#pragma once

#include <vector>

#include "pieces.h"
#include "sliding.h"

namespace fedvox {

// Rows of a volume as the tiles read them: in the storage that they multiply, and along a row with zeros
// where the filter reaches out of the volume. What lies in memory so already is read there; the rest is
// copied when it is fetched.
class Rows {
 public:
  // @param wide along the rows: which part of them is read
  // @param operands float32, or bfloat16 of a volume stored so
  // @param scratch a thread's own, so that rows stay in its cache
  Rows(const Volume& volume, const Phase& wide, Storage operands, std::vector<float>& scratch);

  // Makes those rows readable that a piece of the output meets and that exist, in place of the last piece's.
  void fetch(const Piece& piece, const Phase& deep, const Phase& high);

  // A row of what was fetched, at the first position that the filter meets.
  const void* at(int64_t plane, int64_t row) const {
    if (copies_) return scratch_.data() + ((plane - plane_) * rows_ + row - row_) * rowFloats_;
    const int64_t index = (rowIndex(plane, row) * volume_.size[2] + first_) * volume_.channels;
    return static_cast<const char*>(volume_.values) + index * bytesOf(volume_.storage);
  }

 private:
  int64_t rowIndex(int64_t plane, int64_t row) const {
    return (sample_ * volume_.size[0] + plane) * volume_.size[1] + row;
  }
  void copyRow(int64_t plane, int64_t row, float* to) const;

  const Volume& volume_;
  const Storage operands_;
  const int64_t first_, width_, rowFloats_;
  const bool copies_;
  std::vector<float>& scratch_;
  int64_t sample_ = 0, plane_ = 0, row_ = 0, rows_ = 0;
};

}  // namespace fedvox
