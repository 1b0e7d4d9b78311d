#pragma once

// One step of Adam over a run of weights.

#include "vector.h"

namespace fedvox {
namespace {

inline Vector squareRoot(Vector x) {
#if defined(__AVX512F__)
  return (Vector)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
  return (Vector)_mm256_sqrt_ps((__m256)x);
#else
  for (int lane = 0; lane < kLength; ++lane) x[lane] = __builtin_sqrtf(x[lane]);
  return x;
#endif
}

void adam(const AdamRun& run) {
  const auto step = [&](Vector value, Vector ofLoss, Vector& first, Vector& second) {
    const Vector gradient = ofLoss + value * run.pull;
    first = first * run.beta1 + gradient * (1 - run.beta1);
    second = second * run.beta2 + gradient * gradient * (1 - run.beta2);
    return value * run.kept - first * run.stepSize / (squareRoot(second) * run.spread + run.epsilon);
  };
  size_t at = 0;
  for (; at + kLength <= run.count; at += kLength) {
    Vector first = loadVector(run.firsts + at), second = loadVector(run.seconds + at);
    const Vector value = step(loadVector(run.values + at), loadVector(run.gradients + at), first, second);
    storeVector(run.nextValues + at, value);
    storeVector(run.nextFirsts + at, first);
    storeVector(run.nextSeconds + at, second);
  }
  for (; at < run.count; ++at) {
    Vector first = all(run.firsts[at]), second = all(run.seconds[at]);
    const Vector value = step(all(run.values[at]), all(run.gradients[at]), first, second);
    run.nextValues[at] = value[0];
    run.nextFirsts[at] = first[0];
    run.nextSeconds[at] = second[0];
  }
}

}  // namespace
}  // namespace fedvox
