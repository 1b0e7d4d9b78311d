#pragma once

#include <cstdint>
#include <vector>

#include "../simd/kernels.h"

namespace fedvox {

// Along one axis, output positions that are computed alike, and where what they meet lies in the input.
struct Phase {
  int64_t firstOutput;
  int64_t outputStep;
  int64_t outputs;
  int64_t firstInput;  // that the first output meets first; may lie outside
  int64_t inputStep;   // from one output to the next
  // Indices into the filter, in the order of the input. Where neighbouring positions are computed as one
  // output: [span][group], and -1 where a position does not meet that input.
  std::vector<int64_t> taps;
  int64_t group = 1;

  int64_t span() const { return static_cast<int64_t>(taps.size()) / group; }

  // Inputs from the first that so many outputs meet to the last.
  int64_t reach(int64_t count) const { return (count - 1) * inputStep + span(); }
};

// A filter sliding over an input: output o meets input o·stride + k − padding with tap k.
std::vector<Phase> forwardPhases(int64_t outputs, int64_t taps, int64_t stride, int64_t padding);

// The same filter's gradient with respect to its input, which is also the transposed convolution: here
// `outputs` counts what slid over, one phase for each remainder under the stride.
std::vector<Phase> backwardPhases(int64_t outputs, int64_t taps, int64_t stride, int64_t padding);

// The same positions as one phase whose outputs are as many neighbours as fill a vector with their
// channels, which lie side by side: few channels would leave most of it empty. As they are where that
// does not divide evenly.
std::vector<Phase> grouped(std::vector<Phase> phases, int64_t channels, int64_t vectorLength);

inline int64_t bytesOf(Storage storage) { return storage == Storage::Float32 ? 4 : 2; }

// A volume [batch, depth, height, width, channels], contiguous.
struct Volume {
  void* values;
  Storage storage;
  int64_t batch, size[3], channels;
};

// A filter [taps, taps, taps, a, b], contiguous, float32.
struct Filter {
  const float* values;
  int64_t taps[3], a, b;
  // Whether the input's channels are b, as where the filter slides backwards.
  bool isTransposed;
};

// Writes all of `output`: sums over taps and input channels, plus bias [output.channels] unless null. An input
// stored in bfloat16 meets weights rounded to it.
void slideOver(const Volume& input, const Filter& filter, const float* bias,
               const std::vector<Phase> (&phases)[3], const Volume& output);

}  // namespace fedvox
