#pragma once

// Softmax over few classes that lie side by side, and what a loss of it and of true labels sums up.

#include "vector.h"

namespace fedvox {
namespace {

template <size_t Value>
struct Constant {
  constexpr operator size_t() const { return Value; }
};

// Values worked on at a time, so that exponentials fill vectors however few the classes are.
constexpr size_t kChunk = 1024;
// Sums of exponentials multiplied before one logarithm is taken: each lies between 1 and the number of
// classes, so a double holds the product of this many of up to 1024.
constexpr size_t kSumsInProduct = 64;

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

// e^(z − max z) of each voxel in `values`, with room for a vector beyond; and z − max z in `shifted`.
template <typename Count>
inline void exponentials(float* values, float* shifted, size_t voxels, Count classes) {
  for (size_t voxel = 0; voxel < voxels; ++voxel) {
    float* const z = values + voxel * classes;
    float most = z[0];
    for (size_t c = 1; c < classes; ++c) most = z[c] > most ? z[c] : most;
    for (size_t c = 0; c < classes; ++c) z[c] -= most;
  }
  for (size_t at = 0; at < voxels * classes; at += kLength) {
    const Vector z = loadVector(values + at);
    storeVector(shifted + at, z);
    storeVector(values + at, exponential(z));
  }
}

template <typename Body>
inline void inChunks(const LabelledRun& run, Body body) {
  const size_t atOnce = kChunk / run.classes;
  for (size_t first = 0; first < run.voxels; first += atOnce) {
    const size_t left = run.voxels - first;
    body(first, left < atOnce ? left : atOnce);
  }
}

inline const void* placeOf(const void* values, Storage storage, size_t index) {
  return static_cast<const char*>(values) + index * (storage == Storage::Float32 ? 4 : 2);
}

template <typename Count>
void softmaxSumsOf(const LabelledRun& run, Count classes, double (*logarithm)(double),
                   float* intersections, float* probabilities, float* counts, double* loss) {
  double product = 1, total = 0;
  size_t factors = 0;
  inChunks(run, [&](size_t first, size_t voxels) {
    float values[kChunk + kLength] = {}, shifted[kChunk + kLength];
    load(placeOf(run.logits, run.stored, first * classes), run.stored, values, voxels * classes);
    exponentials(values, shifted, voxels, classes);
    for (size_t voxel = 0; voxel < voxels; ++voxel) {
      const float* const e = values + voxel * classes;
      float sum = 0;
      for (size_t c = 0; c < classes; ++c) sum += e[c];
      const float inverse = 1.f / sum;
      for (size_t c = 0; c < classes; ++c) probabilities[c] += e[c] * inverse;
      const auto truth = static_cast<uint32_t>(run.labels[first + voxel]);
      if (truth < classes) {
        intersections[truth] += e[truth] * inverse;
        counts[truth] += 1;
        total -= shifted[voxel * classes + truth];
      }
      product *= sum;
      if (++factors == kSumsInProduct) {
        total += logarithm(product);
        product = 1;
        factors = 0;
      }
    }
  });
  *loss += total + logarithm(product);
}

template <typename Count>
void softmaxGradientOf(const LabelledRun& run, Count classes, const float* alphas,
                       const float* betas, float share, float* gradients) {
  inChunks(run, [&](size_t first, size_t voxels) {
    float values[kChunk + kLength] = {}, shifted[kChunk + kLength];
    load(placeOf(run.logits, run.stored, first * classes), run.stored, values, voxels * classes);
    exponentials(values, shifted, voxels, classes);
    for (size_t voxel = 0; voxel < voxels; ++voxel) {
      const float* const e = values + voxel * classes;
      float* const to = gradients + (first + voxel) * classes;
      float sum = 0, along = 0;
      for (size_t c = 0; c < classes; ++c) sum += e[c];
      const float inverse = 1.f / sum;
      const auto truth = static_cast<uint32_t>(run.labels[first + voxel]);
      for (size_t c = 0; c < classes; ++c) {
        const float p = e[c] * inverse;
        const float weighted = p * (betas[c] + (c == truth ? alphas[c] : 0.f));
        along += weighted;
        to[c] = weighted;
      }
      for (size_t c = 0; c < classes; ++c) to[c] -= e[c] * inverse * (along - share);
      if (truth < classes) to[truth] -= share;
    }
  });
}

// The usual numbers of classes are known to the compiler, which unrolls the loops over them.
template <typename Body>
inline void withClasses(size_t classes, Body body) {
  switch (classes) {
    case 2: return body(Constant<2>{});
    case 3: return body(Constant<3>{});
    case 4: return body(Constant<4>{});
    case 5: return body(Constant<5>{});
    default: return body(classes);
  }
}

void softmaxSums(const LabelledRun& run, double (*logarithm)(double), float* intersections,
                 float* probabilities, float* counts, double* loss) {
  withClasses(run.classes, [&](auto classes) {
    softmaxSumsOf(run, classes, logarithm, intersections, probabilities, counts, loss);
  });
}

void softmaxGradient(const LabelledRun& run, const float* alphas, const float* betas, float share,
                     float* gradients) {
  withClasses(run.classes, [&](auto classes) {
    softmaxGradientOf(run, classes, alphas, betas, share, gradients);
  });
}

}  // namespace
}  // namespace fedvox
