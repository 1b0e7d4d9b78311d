#pragma once

#include <vector>

#include "sliding.h"

namespace fedvox {

// Some neighbouring output rows of some neighbouring planes of a sample.
struct Piece {
  int64_t sample, plane, planes, row, rows;
};

// Cuts a volume of outputs into pieces whose input stays in a core's own cache and, since neighbouring
// pieces meet some rows both, is read as little more than once.
// @param rowFloats of input that one row of output meets along a row
// @param least so many pieces there should be, where pieces are then not too small
std::vector<Piece> cutIntoPieces(int64_t batch, const Phase& deep, const Phase& high,
                                 int64_t rowFloats, int64_t least);

}  // namespace fedvox
