// The inner loops, compiled once for each instruction set: FEDVOX_KERNELS names the table that the build
// wants, FEDVOX_VECTOR_LENGTH says how many floats a vector has.

#include "kernels.h"

#include "adam.h"
#include "norms.h"
#include "planar-tiles.h"
#include "softmax.h"
#include "tiles.h"
#include "vector.h"

namespace fedvox {

const Kernels FEDVOX_KERNELS = {
    FEDVOX_KERNELS_NAME,
    kLength,
    kTileOfOne,
    kTileOfTwo,
    load,
    slide,
    pairUp,
    pairAlong,
    filterGradient,
    planes,
    halfPlanes,
    pairPlanes,
    {planarVectors(1), planarVectors(2), planarVectors(3), planarVectors(4)},
    slidePlanes,
    planarFilterGradient,
    moments,
    normPrelu,
    normPreluSums,
    normPreluGradient,
    softmaxSums,
    softmaxGradient,
    adam,
};

}  // namespace fedvox
