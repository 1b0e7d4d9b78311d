#pragma once

#include <cstddef>
#include <cstdint>

namespace fedvox {

// What the inner loops are handed. This header and kernels.cc use nothing that has inline code of its
// own: kernels.cc is compiled once for each instruction set, and the linker keeps only one copy of an
// inline function, which may be the one that this processor cannot run.

// How values lie in memory; arithmetic is always in float32.
enum class Storage { Float32, BFloat16 };

// Sums of products for a run of output positions and one block of output channels, of float32 values and
// weights, or of bfloat16 ones that are taken two at a time: then `length` counts pairs, and a row's last
// pair may reach one value beyond it.
struct SlideTile {
  // One for each row of the input that takes part, and the weights it meets, [length][block] (of pairs or
  // single values), zero beyond the last channel.
  const void* const* rows;
  const void* const* weights;
  int rowCount;
  ptrdiff_t firstInput;  // of a row: what the tile's first position meets
  int length;          // contiguous values of a row that meet weights: taps along it × channels
  ptrdiff_t rowStep;   // from one output position to the next, in values of the row
  const float* bias;   // [block], or null
  void* output;        // the first position's first channel of the block
  ptrdiff_t outputStep;  // from one position to the next, in values
  int channels;          // of the block that exist
  int positions;
};

// The same for few output channels, which would leave most of a vector empty: here a vector holds one channel
// of neighbouring positions, and rows of the input lie channel by channel, in bfloat16 by pairs of channels:
// then `inputs` counts pairs.
struct PlanarTile {
  // One for each row of the input that takes part, and the weights it meets, [taps][inputs][channels].
  const void* const* rows;
  const void* const* weights;
  int rowCount;
  int taps, inputs, channels;
  ptrdiff_t firstInput;   // of a row's channel: what the tile's first position meets
  ptrdiff_t channelStep;  // from one channel of a row to the next
  const float* bias;      // [channels], or null
  void* output;           // the first position's first channel
  ptrdiff_t outputStep;   // from one position to the next, in values
  int positions;          // at most as many vectors as a tile of so many channels has
};

// The most channels that planar tiles are made for, and the most taps along a row of those that sum a
// filter's gradient.
constexpr int kMostPlanarChannels = 4;
constexpr int kMostPlanarTaps = 3;

// Products of input and output gradient, summed over positions, for some weights and one block of output
// channels: of float32 values, or of bfloat16 ones, of which two neighbouring positions make a pair that is
// taken at a time: then `positions` counts pairs.
struct FilterTile {
  const void* const* inputs;     // one for each row, of pairs or single values
  const void* const* gradients;  // likewise
  int rowCount;
  ptrdiff_t firstInput;     // of a row: the tile's first weight
  ptrdiff_t firstGradient;  // of a row: the block's first channel
  int positions;            // of each row
  ptrdiff_t inputStep;      // from one position or pair to the next, in pairs or single values
  ptrdiff_t gradientStep;   // likewise
  float* sums;              // [weights][block]: added to
  int weights;
};

// The same as vectors of neighbouring positions, in bfloat16 of two to a lane: for one input channel, some
// neighbouring taps along a row and all of few output channels.
struct PlanarFilterTile {
  const void* const* inputs;     // one for each row, of float32 or bfloat16, channel by channel
  const void* const* gradients;  // likewise, with zeros up to a whole vector
  int rowCount;
  ptrdiff_t firstInput;    // of a row: what the first tap of the channel meets at the first position
  ptrdiff_t gradientStep;  // from one channel of a gradient's row to the next: whole vectors
  float* sums;             // [taps][channels][vector]: added to
  int taps, channels;
};

// Values whose meaning repeats with a period: some voxels of a volume, channels side by side.
struct PeriodicRun {
  size_t count;
  size_t period;
};

// A norm and a PReLU over one period: h = x · scale + offset, then h where it is positive, else h · slope.
struct NormPeriod {
  const float* scale;
  const float* offset;
  const float* slope;
};

// Logits [voxels][classes] and the true class of each voxel; a label that is no class counts as none.
struct LabelledRun {
  const void* logits;
  Storage stored;
  const int32_t* labels;
  size_t voxels;
  size_t classes;  // at most 1024
};

// What is summed up of each class, with p the softmax: p where the class is true, p, p², the voxels where it
// is true, and log p there. In this order, [kSoftmaxSums][classes].
constexpr int kSoftmaxSums = 5;

// Weights, their gradients and both moments before and after a step of Adam: spread is 1 / √(1 − β₂ᵗ),
// stepSize the learning rate / (1 − β₁ᵗ). Of a weight's own size, `pull` is added to its gradient, and `kept` is
// left of it.
struct AdamRun {
  const float *values, *gradients, *firsts, *seconds;
  float *nextValues, *nextFirsts, *nextSeconds;
  size_t count;
  float beta1, beta2, epsilon, spread, stepSize, pull, kept;
};

// The inner loops, for one instruction set.
struct Kernels {
  const char* name;
  int vectorLength;  // in floats
  // The most positions or weights of a tile, for blocks of one vector and of two.
  int tileOfOne;
  int tileOfTwo;
  void (*load)(const void* source, Storage storage, float* values, size_t count);
  void (*slide)(const SlideTile& tile, int vectors, Storage operands, Storage output);
  // Rounds two rows of float32 to pairs of bfloat16.
  void (*pairUp)(const float* first, const float* second, uint32_t* pairs, size_t count);
  // Pairs each bfloat16 value with the one `apart` after it.
  void (*pairAlong)(const uint16_t* values, size_t apart, uint32_t* pairs, size_t count);
  void (*filterGradient)(const FilterTile& tile, int vectors, Storage operands);
  // From [position][channel] to [channel][position], each channel `step` after the last.
  void (*planes)(const void* source, Storage storage, size_t positions, size_t channels, float* values,
                 size_t step);
  // The same of bfloat16, as it is and by pairs of channels, [pair][position]; an odd last one has zero beside it.
  void (*halfPlanes)(const uint16_t* source, size_t positions, size_t channels, uint16_t* values,
                     size_t step);
  void (*pairPlanes)(const uint16_t* source, size_t positions, size_t channels, uint32_t* pairs,
                     size_t step);
  // The most vectors of a planar tile of one channel, of two and so on.
  int planarVectors[kMostPlanarChannels];
  void (*slidePlanes)(const PlanarTile& tile, Storage operands, Storage output);
  void (*planarFilterGradient)(const PlanarFilterTile& tile, Storage operands);
  // Adds x − shift and its square to sums and squares, [period] each.
  void (*moments)(const PeriodicRun& run, const void* x, Storage stored, const float* shift,
                  float* sums, float* squares);
  void (*normPrelu)(const PeriodicRun& run, const NormPeriod& norm, const void* x, Storage stored,
                    void* y);
  // With g the gradient before the PReLU, adds g, g · h and the slope's gradient to [period] each.
  void (*normPreluSums)(const PeriodicRun& run, const NormPeriod& norm, const void* x,
                        Storage stored, const void* dy, Storage gradient, float* sums,
                        float* products, float* slopes);
  // dx = scale · (g − means − h · alongs), stored as x is.
  void (*normPreluGradient)(const PeriodicRun& run, const NormPeriod& norm, const void* x,
                            Storage stored, const void* dy, Storage gradient, const float* means,
                            const float* alongs, void* dx);
  // Adds to the sums.
  void (*softmaxSums)(const LabelledRun& run, double (*logarithm)(double), double* sums);
  // The logits' gradient, of that of the sums, stored as they are.
  void (*softmaxGradient)(const LabelledRun& run, const float* ofSums, void* gradients);
  void (*adam)(const AdamRun& run);
};

extern const Kernels kBaselineKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kAvx512Bf16Kernels;
#endif

// Those for the processor at hand.
const Kernels& kernels();

}  // namespace fedvox
