#pragma once

#include <memory>

#include "rows.h"
#include "sliding.h"

namespace fedvox {

// How the sums of a filter's gradient lie in memory and are cut into tiles. A tap row is a tap along depth
// and one along height: what it sums comes from one row of the input for each row of the output's gradient.
class GradientTiles {
 public:
  virtual ~GradientTiles() = default;

  // How it reads the input, as what, and of which phase along the rows.
  Layout layout() const { return layout_; }
  Storage operands() const { return operands_; }
  const Phase& wide() const { return wide_; }

  int64_t perTapRow() const { return perTapRow_; }
  int64_t sumsPerTapRow() const { return sumsPerTapRow_; }

  // Positions that one tile sums before it puts its sums back: enough that putting them back costs
  // little, few enough that what neighbouring tiles read stays in the first cache.
  int64_t positionsAtOnce() const { return positionsAtOnce_; }

  // A packed row of the gradient; where channels come in blocks, packed rows of a block lie side by side.
  int64_t packedRow() const { return packedRow_; }
  int64_t blocks() const { return blocks_; }

  // Packs row `row` of `rows`, [position][channel] of what is multiplied and zeros for one position more, as tiles read
  // it: rows that are not packed are zero.
  virtual void pack(const void* values, int64_t row, int64_t rows, float* packed) const = 0;

  // Adds to a tap row's sums what a tile of them gains from some rows of the input and, of `rows` that were
  // packed, the gradient's rows that they meet.
  virtual void sum(int64_t tile, const std::vector<const void*>& inputs,
                   const std::vector<const void*>& gradients, const Rows& source, int64_t rows,
                   float* sums) const = 0;

  // Adds a tap row's sums to weights [tap along the row][input channel][output channel].
  virtual void unpack(const float* sums, float* to) const = 0;

 protected:
  GradientTiles(Layout layout, Storage operands, Phase wide)
      : layout_(layout), operands_(operands), wide_(std::move(wide)) {}

  const Layout layout_;
  const Storage operands_;
  const Phase wide_;
  int64_t perTapRow_ = 0, sumsPerTapRow_ = 0, positionsAtOnce_ = 0, packedRow_ = 0, blocks_ = 1;
};

// @param phases forwardPhases along each axis
// @param operands what input and gradient are both stored as, or float32
std::unique_ptr<GradientTiles> gradientTilesFor(int64_t inputChannels, int64_t outputChannels,
                                                const Phase (&phases)[3], Storage operands);

}  // namespace fedvox
