#pragma once

#include <memory>
#include <vector>

#include "packed-filter.h"
#include "rows.h"
#include "sliding.h"

namespace fedvox {

// What one row of the output meets, for one block of its channels: so many rows of the input and their
// weights. Their number stands by itself: read as the end of a vector that was just written, it would wait
// until all that was stored before it, of the output too, has left for the cache.
struct Meeting {
  std::vector<const void*> rows, weights;
  int count;
  const Phase* wide;
  int64_t firstInput;  // of the rows: what the phase's first position meets
  int64_t block;
};

// How rows of the output are cut into tiles, and how tiles read input and weights.
class SlidingTiles {
 public:
  virtual ~SlidingTiles() = default;

  Layout layout() const { return layout_; }
  Storage operands() const { return operands_; }
  const Blocks& blocks() const { return blocks_; }

  // Writes the phase's positions of a row of the output, [position][channel].
  virtual void slide(const Meeting& met, const Rows& source, void* row) const = 0;

 protected:
  SlidingTiles(Layout layout, Storage operands, Blocks blocks, const Volume& output)
      : layout_(layout), operands_(operands), blocks_(blocks), output_(output) {}

  void* at(void* row, int64_t position, int64_t channel) const {
    const int64_t index = position * output_.channels + channel;
    return static_cast<char*>(row) + index * bytesOf(output_.storage);
  }

  const Layout layout_;
  const Storage operands_;
  const Blocks blocks_;
  const Volume& output_;
};

// @param bias [output.channels], or null
// @param group so many positions are computed as one
std::unique_ptr<SlidingTiles> slidingTilesFor(Layout layout, const Volume& input, const float* bias,
                                              int64_t group, const Volume& output);

}  // namespace fedvox
