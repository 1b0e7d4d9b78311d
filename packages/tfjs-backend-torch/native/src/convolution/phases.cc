#include "phases.h"

#include <algorithm>
#include <utility>

namespace fedvox {

std::vector<Phase> forwardPhases(int64_t outputs, int64_t taps, int64_t stride, int64_t padding) {
  Phase phase{0, 1, outputs, -padding, stride, {}};
  for (int64_t tap = 0; tap < taps; ++tap) phase.taps.push_back(tap);
  return {phase};
}

std::vector<Phase> backwardPhases(int64_t outputs, int64_t taps, int64_t stride, int64_t padding) {
  std::vector<Phase> phases;
  for (int64_t first = 0; first < std::min(stride, outputs); ++first) {
    // Output i meets input (i + padding − k) / stride with tap k, where that divides.
    Phase phase{first, stride, (outputs - first + stride - 1) / stride, 0, 1, {}};
    const int64_t remainder = (first + padding) % stride;
    for (int64_t tap = taps - 1; tap >= 0; --tap) {
      if (tap % stride == remainder) phase.taps.push_back(tap);
    }
    if (!phase.taps.empty()) phase.firstInput = (first + padding - phase.taps[0]) / stride;
    phases.push_back(std::move(phase));
  }
  return phases;
}

std::vector<Phase> grouped(std::vector<Phase> phases, int64_t channels, int64_t vectorLength) {
  const int64_t apart = static_cast<int64_t>(phases.size());
  int64_t outputs = 0;
  for (const auto& phase : phases) outputs += phase.outputs;
  int64_t group = vectorLength / channels / apart * apart;
  while (group > 1 && outputs % group != 0) group -= apart;
  if (group <= 1) return phases;

  // Output i of phase i % apart, as the i-th of its group: what it meets, from the group's first input.
  const auto firstOf = [&](int64_t i) {
    return phases[i % apart].firstInput + i / apart * phases[i % apart].inputStep;
  };
  int64_t first = firstOf(0), end = first;
  for (int64_t i = 0; i < group; ++i) {
    first = std::min(first, firstOf(i));
    end = std::max(end, firstOf(i) + phases[i % apart].span());
  }
  const int64_t inputStep = group / apart * phases[0].inputStep;
  Phase whole{0, group, outputs / group, first, inputStep, {}, group};
  whole.taps.assign((end - first) * group, -1);
  for (int64_t i = 0; i < group; ++i) {
    const auto& taps = phases[i % apart].taps;
    for (size_t tap = 0; tap < taps.size(); ++tap) {
      whole.taps[(firstOf(i) - first + static_cast<int64_t>(tap)) * group + i] = taps[tap];
    }
  }
  return {whole};
}

Phase whole(const std::vector<Phase>& phases) {
  Phase all{0, 0, 0, phases[0].firstInput, phases[0].inputStep, {}};
  int64_t end = all.firstInput;
  for (const auto& phase : phases) {
    all.outputs = std::max(all.outputs, phase.outputs);
    all.firstInput = std::min(all.firstInput, phase.firstInput);
    end = std::max(end, phase.firstInput + phase.span());
  }
  all.taps.resize(end - all.firstInput);
  return all;
}

}  // namespace fedvox
