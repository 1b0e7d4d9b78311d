#pragma once

#include <vector>

#include "sliding.h"

namespace fedvox {

// Output channels (of a whole group of positions, where positions are grouped) as tiles take them.
struct Blocks {
  int vectors;
  int64_t lanes, count;
  int64_t longestTile;  // of positions or weights
};

Blocks blocksOf(int64_t channels);

// Of planar tiles: a weight for each of few channels.
inline Blocks planarBlocks(int64_t channels) { return {1, channels, 1, 0}; }

// The weights that one choice of phases meets, laid out as the tiles read them:
// [block of output channels][tap row][place along the row × input channel, by pairs in bfloat16][lane].
class PackedFilter {
 public:
  // @param axes phases along depth, height and width
  // @param isEven whether a pair is of one place: where channels are odd, the last has none beside it
  PackedFilter(const Filter& filter, const Phase* const (&axes)[3], const Blocks& blocks,
               Storage operands, bool isEven);

  // Values, or pairs of them, that one row of the input gives to a position.
  int64_t rowLength() const { return rowLength_; }

  // @param tapRow tap along depth × taps along height + tap along height
  const void* row(int64_t block, int64_t tapRow) const {
    return words_.data() + (block * tapRows_ + tapRow) * rowWords_;
  }

 private:
  void packRow(const Filter& filter, const Phase* const (&axes)[3], int64_t firstLane,
               int64_t tapRow, const Blocks& blocks, Storage operands, uint32_t* to) const;

  int64_t places_, tapRows_, rowLength_, rowWords_;
  std::vector<uint32_t> words_;
};

}  // namespace fedvox
