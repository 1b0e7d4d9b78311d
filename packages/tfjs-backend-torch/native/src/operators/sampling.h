#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace fedvox {

// Voxels along x, y and z. A volume's tensor is [z, y, x], contiguous: x lies fastest.
typedef std::array<int64_t, 3> Size;

inline Size sizeOf(const at::Tensor& volume) {
  TORCH_CHECK(volume.dim() == 3 && volume.numel() > 0, "a volume has three axes, not ",
              volume.sizes());
  return {volume.size(2), volume.size(1), volume.size(0)};
}

// An index on the source; 0 for what is no number, so that nothing is read from nowhere.
inline double clamped(double at, int64_t size) {
  const auto last = static_cast<double>(size - 1);
  return at > 0 ? (at < last ? at : last) : 0;
}

// Whether a point is on a voxel, outer halves included.
inline bool isOn(double at, int64_t size) {
  return at >= -0.5 && at <= static_cast<double>(size) - 0.5;
}

// Halves to the even one: a sum of this size has no digits after the point.
inline int64_t roundHalfEven(double at) {
  constexpr double kTwoTo52 = 4503599627370496.;
  return static_cast<int64_t>((at + kTwoTo52) - kTwoTo52);
}

// Voxels whose coordinates and neighbours ATen's operators hold at once, some 200 bytes each.
constexpr int64_t kVoxelsOfSlab = 1 << 20;

// Calls back with the first plane of each slab, and how many planes it has.
template <typename Body>
void eachSlab(int64_t begin, int64_t end, int64_t voxelsOfPlane, Body body) {
  const int64_t planes = std::max<int64_t>(1, kVoxelsOfSlab / voxelsOfPlane);
  for (int64_t first = begin; first < end; first += planes) {
    body(first, std::min(planes, end - first));
  }
}

// From an output index to a source index: rows for x, y and z of three factors and an offset.
struct IndexTransform {
  explicit IndexTransform(at::ArrayRef<double> values) {
    TORCH_CHECK(values.size() >= 12, "an index transform has 12 numbers, not ", values.size());
    std::copy(values.begin(), values.begin() + 12, rows[0].begin());
  }
  std::array<std::array<double, 4>, 3> rows;
};

// Per output index along one output axis: where along its source axis it reads.
struct AxisTable {
  int sourceAxis;
  std::vector<int64_t> low, high, nearest;
  // Weight of the high one.
  std::vector<double> weight;
  // Output indices [begin, end) that lie on the source, its outer half voxels included.
  int64_t begin, end;
};

typedef std::array<AxisTable, 3> AxisTables;

// For the usual case that each source axis depends on one output axis alone; none for oblique grids.
std::optional<AxisTables> axisTables(const Size& source, const Size& target,
                                     const IndexTransform& indexOf);

// Throw where volumes, or offsets, are not what the operators take.
void checkPlaces(const at::Tensor& volume, const at::Tensor& out, bool nearest);
void checkOffsets(const at::Tensor& volume, at::TensorList offsets, const at::Tensor& out);

// composed-sampling.cc
void composedSample(const at::Tensor& volume, at::ArrayRef<double> transform, bool nearest,
                    bool zeroOutside, const at::Tensor& out);
void composedDisplace(const at::Tensor& volume, at::TensorList offsets, bool nearest,
                      const at::Tensor& out);

}  // namespace fedvox
