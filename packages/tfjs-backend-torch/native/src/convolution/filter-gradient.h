#pragma once

#include <vector>

#include "sliding.h"

namespace fedvox {

// The gradient of a convolution's filter: for each tap, the products of what it met and of the output's
// gradient, summed over all positions.
// @param phases forwardPhases along each axis
// @param gradient of the output
// @param sums [taps, taps, taps, input channels, gradient channels], contiguous; all of it is written
void filterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3],
                    float* sums);

}  // namespace fedvox
