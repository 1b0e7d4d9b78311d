#pragma once

// Softmax over few classes, and what losses of it and of true labels sum up, on vectors of neighbouring
// voxels.

#include "planes.h"

namespace fedvox {
namespace {

// Logits worked on at a time, where classes are few enough for more than a vector of voxels of each.
constexpr size_t kLogitsAtOnce = 1024;
constexpr size_t kMostClasses = 1024;
constexpr int32_t kNoClass = -1;
// Sums of exponentials are multiplied before one logarithm is taken. Each lies between 1 and the number of
// classes: a float holds the product of as many as are worked on at a time, and a double those of many floats.
constexpr size_t kMostVectors = 32;
constexpr double kMostInDouble = 1e200;

// eˣ for x ≤ 0, to about one unit in the last place: 2ⁿ · eʳ with |r| ≤ ln 2 / 2, eʳ by the polynomial of
// the Cephes library (S. Moshier, expf.c).
inline Vector exponential(Vector x) {
  x = x < -87.f ? all(-87.f) : x;  // what is not a number stays so
  const float rounder = 12582912.f;  // 1.5 · 2²³: adding it leaves a whole number
  const Vector n = (x * 1.44269504088896341f + rounder) - rounder;
  const Vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  constexpr float kCoefficients[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                                     1.6666665459e-1f, 5.0000001201e-1f};
  Vector p = all(1.9875691500e-4f);
  for (const float coefficient : kCoefficients) p = p * r + coefficient;
  const Words power = __builtin_convertvector(n + 127.f, Words) << 23;
  return (p * r * r + r + 1.f) * (Vector)power;
}

// Some voxels' logits, a plane for each class, and their labels; what fills the last vector is no voxel.
struct Voxels {
  float logits[kMostClasses * kLength];
  int32_t labels[kLogitsAtOnce];
  // Once the logits are probabilities: Σ e^(z − max z), and z − max z of the true class, 0 where there is none.
  float sums[kLogitsAtOnce], truths[kLogitsAtOnce];
  size_t first, count, step;

  Integers labelsAt(size_t at) const { return *reinterpret_cast<const Integers*>(labels + at); }
  // All bits of a lane that is a voxel.
  Integers within(size_t at) const {
    Integers lanes;
    for (int lane = 0; lane < kLength; ++lane) lanes[lane] = at + lane < count ? -1 : 0;
    return lanes;
  }
};

inline const void* placeOf(const void* values, Storage storage, size_t index) {
  return static_cast<const char*>(values) + index * (storage == Storage::Float32 ? 4 : 2);
}

template <typename Body>
inline void someAtATime(const LabelledRun& run, Body body) {
  Voxels voxels;
  const size_t fit = kLogitsAtOnce / run.classes / kLength;
  const size_t vectors = fit > kMostVectors ? kMostVectors : fit;
  voxels.step = (vectors > 0 ? vectors : 1) * kLength;
  for (voxels.first = 0; voxels.first < run.voxels; voxels.first += voxels.step) {
    const size_t left = run.voxels - voxels.first;
    voxels.count = left < voxels.step ? left : voxels.step;
    if (left < voxels.step) __builtin_memset(voxels.logits, 0, run.classes * voxels.step * sizeof(float));
    planes(placeOf(run.logits, run.stored, voxels.first * run.classes), run.stored, voxels.count,
           run.classes, voxels.logits, voxels.step);
    for (size_t at = 0; at < voxels.step; ++at) {
      voxels.labels[at] = at < left ? run.labels[voxels.first + at] : kNoClass;
    }
    body(voxels);
  }
}

// Turns logits into probabilities.
inline void softmax(Voxels& voxels, size_t classes) {
  for (size_t at = 0; at < voxels.count; at += kLength) {
    float* const z = voxels.logits + at;
    Vector most = loadVector(z);
    for (size_t c = 1; c < classes; ++c) {
      const Vector other = loadVector(z + c * voxels.step);
      most = other > most ? other : most;
    }
    const Integers labels = voxels.labelsAt(at);
    Vector sum{}, truth{};
    for (size_t c = 0; c < classes; ++c) {
      const Vector shifted = loadVector(z + c * voxels.step) - most;
      const Vector e = exponential(shifted);
      truth = labels == static_cast<int32_t>(c) ? shifted : truth;
      sum += e;
      storeVector(z + c * voxels.step, e);
    }
    const Vector inverse = 1.f / sum;
    for (size_t c = 0; c < classes; ++c) {
      storeVector(z + c * voxels.step, loadVector(z + c * voxels.step) * inverse);
    }
    storeVector(voxels.sums + at, sum);
    storeVector(voxels.truths + at, truth);
  }
}

// Σ log of many sums.
struct Logarithms {
  void add(Vector product, double (*logarithm)(double)) {
    for (int lane = 0; lane < kLength; ++lane) {
      folded *= product[lane];
      if (folded < kMostInDouble) continue;
      total += logarithm(folded);
      folded = 1;
    }
  }

  double folded, total;
};

void softmaxSums(const LabelledRun& run, double (*logarithm)(double), double* sums) {
  const size_t classes = run.classes;
  Logarithms logarithms[kMostClasses];
  for (size_t c = 0; c < classes; ++c) logarithms[c] = {1, 0};
  someAtATime(run, [&](Voxels& voxels) {
    softmax(voxels, classes);
    for (size_t c = 0; c < classes; ++c) {
      Vector intersection{}, probability{}, square{}, count{}, truth{}, product = all(1.f);
      for (size_t at = 0; at < voxels.count; at += kLength) {
        const Vector p = loadVector(voxels.logits + c * voxels.step + at);
        const Vector counted = voxels.within(at) ? p : Vector{};
        const Integers isTrue = voxels.labelsAt(at) == static_cast<int32_t>(c);
        intersection += isTrue ? p : Vector{};
        probability += counted;
        square += counted * counted;
        count += isTrue ? all(1.f) : Vector{};
        truth += isTrue ? loadVector(voxels.truths + at) : Vector{};
        product *= isTrue ? loadVector(voxels.sums + at) : all(1.f);
      }
      const Vector each[] = {intersection, probability, square, count, truth};
      for (int kind = 0; kind < kSoftmaxSums; ++kind) sums[kind * classes + c] += sumOf(each[kind]);
      logarithms[c].add(product, logarithm);
    }
  });
  double* const logs = sums + (kSoftmaxSums - 1) * classes;
  for (size_t c = 0; c < classes; ++c) logs[c] -= logarithms[c].total + logarithm(logarithms[c].folded);
}

template <typename Stored>
void softmaxGradientAs(const LabelledRun& run, const float* ofSums, Stored* gradients) {
  const size_t classes = run.classes;
  float whole[kMostClasses * kLength];
  const auto of = [&](int kind, size_t c) { return ofSums[kind * classes + c]; };
  someAtATime(run, [&](Voxels& voxels) {
    softmax(voxels, classes);
    for (size_t at = 0; at < voxels.count; at += kLength) {
      float* const p = voxels.logits + at;
      const Integers labels = voxels.labelsAt(at);
      // What would be the gradient if the classes did not share the voxel.
      const auto alone = [&](size_t c) {
        const Vector probability = loadVector(p + c * voxels.step);
        const Integers isTrue = labels == static_cast<int32_t>(c);
        const Vector overlap = isTrue ? all(of(0, c)) : Vector{};
        const Vector own = isTrue ? all(of(4, c)) : Vector{};
        return probability * (overlap + of(1, c) + 2 * of(2, c) * probability) + own;
      };
      Vector along{};
      for (size_t c = 0; c < classes; ++c) along += alone(c);
      for (size_t c = 0; c < classes; ++c) {
        storeVector(p + c * voxels.step, alone(c) - loadVector(p + c * voxels.step) * along);
      }
    }
    sideBySide(voxels.logits, voxels.step, voxels.count, classes, whole);
    store(whole, gradients + voxels.first * classes, voxels.count * classes);
  });
}

void softmaxGradient(const LabelledRun& run, const float* ofSums, void* gradients) {
  if (run.stored == Storage::Float32) {
    return softmaxGradientAs(run, ofSums, static_cast<float*>(gradients));
  }
  softmaxGradientAs(run, ofSums, static_cast<uint16_t*>(gradients));
}

}  // namespace
}  // namespace fedvox
