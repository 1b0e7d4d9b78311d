#pragma once

#include <cstdint>
#include <vector>

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

// A phase of as many outputs and as long a reach as any of these has.
Phase whole(const std::vector<Phase>& phases);

}  // namespace fedvox
