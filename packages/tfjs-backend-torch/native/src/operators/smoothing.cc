// A convolution along x, then y, then z, with the outermost voxels going on beyond the border. Sums are
// double, in the order of the weights, and rounded to float32 after each axis, so that all ways give the
// same bits.

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "sampling.h"

namespace fedvox {
namespace {

typedef at::ArrayRef<double> Weights;

void checkConvolved(const at::Tensor& volume, const at::Tensor& out,
                    std::initializer_list<Weights> kernels) {
  TORCH_CHECK(volume.scalar_type() == at::kFloat && out.scalar_type() == at::kFloat,
              "a convolved volume is float32");
  TORCH_CHECK(out.sizes() == volume.sizes(), "what is convolved keeps its shape");
  TORCH_CHECK(volume.is_contiguous() && out.is_contiguous(), "volumes lie in one piece");
  for (const auto& kernel : kernels) {
    TORCH_CHECK(kernel.size() % 2 == 1, "a kernel has a middle, ", kernel.size(),
                " weights have none");
  }
}

// --- by ATen -------------------------------------------------------------------------------------

at::Tensor composedAlong(const at::Tensor& values, int64_t dim, Weights weights) {
  const int64_t size = values.size(dim), radius = static_cast<int64_t>(weights.size()) / 2;
  const auto index = at::arange(size, values.options().dtype(at::kLong));
  const auto result = at::empty_like(values);
  const int64_t across = dim == 0 ? 1 : 0, planes = values.size(across);
  eachSlab(0, planes, values.numel() / planes, [&](int64_t first, int64_t count) {
    const auto slab = values.narrow(across, first, count);
    auto sum = at::zeros(slab.sizes(), slab.options().dtype(at::kDouble));
    for (size_t tap = 0; tap < weights.size(); ++tap) {
      const auto from = (index + (static_cast<int64_t>(tap) - radius)).clamp(0, size - 1);
      sum = sum + slab.index_select(dim, from).to(at::kDouble) * weights[tap];
    }
    result.narrow(across, first, count).copy_(sum);
  });
  return result;
}

void composedConvolve(const at::Tensor& volume, Weights x, Weights y, Weights z,
                      const at::Tensor& out) {
  sizeOf(volume);
  checkConvolved(volume, out, {x, y, z});
  out.copy_(composedAlong(composedAlong(composedAlong(volume, 2, x), 1, y), 0, z));
}

// --- by our own loops ----------------------------------------------------------------------------

// Columns that are summed together: their sums stay in the first cache.
constexpr int64_t kColumns = 256;
// Multiplications that one thread takes at a time, at least.
constexpr int64_t kGrain = 64 * 1024;

// Adds weighted rows to the sums in the order of the weights; four at a time, so that a sum is fetched
// and put back less often.
template <typename Value>
void addRows(const std::vector<const Value*>& rows, Weights weights, int64_t count,
             double* __restrict__ sums) {
  const auto taps = static_cast<int64_t>(weights.size());
  int64_t tap = 0;
  for (; tap + 4 <= taps; tap += 4) {
    const Value* const row0 = rows[tap];
    const Value* const row1 = rows[tap + 1];
    const Value* const row2 = rows[tap + 2];
    const Value* const row3 = rows[tap + 3];
    const double weight0 = weights[tap], weight1 = weights[tap + 1], weight2 = weights[tap + 2],
                 weight3 = weights[tap + 3];
    for (int64_t at = 0; at < count; ++at) {
      double sum = sums[at];
      sum += weight0 * static_cast<double>(row0[at]);
      sum += weight1 * static_cast<double>(row1[at]);
      sum += weight2 * static_cast<double>(row2[at]);
      sum += weight3 * static_cast<double>(row3[at]);
      sums[at] = sum;
    }
  }
  for (; tap < taps; ++tap) {
    const Value* const row = rows[tap];
    const double weight = weights[tap];
    for (int64_t at = 0; at < count; ++at) sums[at] += weight * static_cast<double>(row[at]);
  }
}

// Along x: a row with its border goes into `line`, and the sums slide over it.
void alongX(const float* input, const Size& size, Weights weights, float* output) {
  const auto taps = static_cast<int64_t>(weights.size()), radius = taps / 2, nx = size[0];
  const int64_t grain = kGrain / (nx * taps) + 1;
  at::parallel_for(0, size[1] * size[2], grain, [&](int64_t begin, int64_t end) {
    std::vector<double> line(nx + 2 * radius), sums(nx);
    std::vector<const double*> shifted(taps);
    for (int64_t tap = 0; tap < taps; ++tap) shifted[tap] = line.data() + tap;
    for (int64_t row = begin; row < end; ++row) {
      const float* const from = input + row * nx;
      for (int64_t at = 0; at < nx + 2 * radius; ++at) {
        line[at] = from[std::clamp<int64_t>(at - radius, 0, nx - 1)];
      }
      std::fill(sums.begin(), sums.end(), 0.);
      addRows(shifted, weights, nx, sums.data());
      std::copy(sums.begin(), sums.end(), output + row * nx);
    }
  });
}

// Along an axis whose neighbours lie `stride` apart, for blocks of `size` times that many values.
void alongStride(const float* input, int64_t blocks, int64_t size, int64_t stride, Weights weights,
                 float* output) {
  const auto taps = static_cast<int64_t>(weights.size()), radius = taps / 2;
  const int64_t grain = kGrain / (stride * taps) + 1;
  at::parallel_for(0, blocks * size, grain, [&](int64_t begin, int64_t end) {
    std::vector<double> sums(kColumns);
    std::vector<const float*> rows(taps);
    for (int64_t line = begin; line < end; ++line) {
      const int64_t block = line / size * size, at = line % size;
      for (int64_t first = 0; first < stride; first += kColumns) {
        const int64_t columns = std::min(kColumns, stride - first);
        for (int64_t tap = 0; tap < taps; ++tap) {
          const int64_t inside = std::clamp<int64_t>(at + tap - radius, 0, size - 1);
          rows[tap] = input + (block + inside) * stride + first;
        }
        std::fill(sums.begin(), sums.end(), 0.);
        addRows(rows, weights, columns, sums.data());
        std::copy(sums.begin(), sums.begin() + columns, output + line * stride + first);
      }
    }
  });
}

void convolve(const at::Tensor& volume, Weights x, Weights y, Weights z, const at::Tensor& out) {
  const Size size = sizeOf(volume);
  checkConvolved(volume, out, {x, y, z});
  const auto between = at::empty_like(volume);
  float* const middle = between.data_ptr<float>();
  float* const last = out.data_ptr<float>();
  alongX(volume.data_ptr<float>(), size, x, last);
  alongStride(last, size[2], size[1], size[0], y, middle);
  alongStride(middle, 1, size[2], size[0] * size[1], z, last);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  // Volumes are [z, y, x]; the overload `composed` is what a GPU runs, for tests on the processor.
  library.def(
      "convolve_volume(Tensor volume, float[] x, float[] y, float[] z, Tensor(a!) out) -> ()");
  library.def(
      "convolve_volume.composed(Tensor volume, float[] x, float[] y, float[] z, Tensor(a!) out) "
      "-> ()");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("convolve_volume", composedConvolve);
  library.impl("convolve_volume.composed", composedConvolve);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) { library.impl("convolve_volume", convolve); }

}  // namespace fedvox
