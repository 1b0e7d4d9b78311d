// What random steps do to a scan's values, to the bits of imaging's TypeScript: noise, powers, slow shading; and
// numbers drawn evenly. For the processor alone: they cost less than a volume's way to a GPU and back.

#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../elementary.h"
#include "sampling.h"

namespace fedvox {
namespace {

// Compiled once more for wider vectors, which give the same bits; sanitizers cannot follow how one is chosen.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define FEDVOX_WITH_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define FEDVOX_WITH_VECTORS
#endif

// Voxels that are worth a thread.
constexpr int64_t kVoxelsOfThread = 1 << 15;

void checkFloats(const at::Tensor& values, const char* what) {
  TORCH_CHECK(values.is_cpu() && values.scalar_type() == at::kFloat && values.is_contiguous(), what,
              " lies in one piece, as float32, on the processor");
}

void checkSameSize(const at::Tensor& volume, const at::Tensor& out) {
  checkFloats(volume, "a volume");
  checkFloats(out, "a result");
  TORCH_CHECK(out.sizes() == volume.sizes(), "a result of ", out.sizes(), " for a volume of ",
              volume.sizes());
}

// xoshiro128** (Blackman & Vigna, 2018) on the words of a `Random` (packages/base/src/random.ts), which goes on
// where this ends.
class Stream {
 public:
  explicit Stream(const at::Tensor& state) {
    TORCH_CHECK(state.is_cpu() && state.scalar_type() == at::kInt && state.is_contiguous() &&
                    state.numel() == 4,
                "a stream has four words");
    words_ = state.data_ptr<int32_t>();
    for (size_t at = 0; at < s_.size(); ++at) s_[at] = static_cast<uint32_t>(words_[at]);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    for (size_t at = 0; at < s_.size(); ++at) words_[at] = static_cast<int32_t>(s_[at]);
  }

  // Even in [0, 1), 53 bits.
  double uniform() {
    const double high = next() >> 5, low = next() >> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

 private:
  uint32_t next() {
    const uint32_t result = rotated(s_[1] * 5, 7) * 9, t = s_[1] << 9;
    const uint32_t x2 = s_[2] ^ s_[0], x3 = s_[3] ^ s_[1];
    s_ = {s_[0] ^ x3, s_[1] ^ x2, x2 ^ t, rotated(x3, 11)};
    return result;
  }

  static uint32_t rotated(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

  std::array<uint32_t, 4> s_;
  int32_t* words_;
};

FEDVOX_WITH_VECTORS
void addEach(const float* from, int64_t count, double deviation, const double* first,
             const double* second, float* to) {
  for (int64_t at = 0; at < count; ++at) {
    const double normal = std::sqrt(-2 * logarithm(1 - first[at])) * cosine(2 * kPi * second[at]);
    to[at] = static_cast<float>(static_cast<double>(from[at]) + deviation * normal);
  }
}

FEDVOX_WITH_VECTORS
void raiseEach(const float* from, int64_t count, double low, double range, double power,
               float* to) {
  for (int64_t at = 0; at < count; ++at) {
    const double scaled = (static_cast<double>(from[at]) - low) / range;
    to[at] = static_cast<float>(exponential(power * logarithm(scaled)) * range + low);
  }
}

FEDVOX_WITH_VECTORS
void shadeEach(const float* from, int64_t count, const double* field, float* to) {
  for (int64_t at = 0; at < count; ++at) {
    to[at] = static_cast<float>(static_cast<double>(from[at]) * exponential(field[at]));
  }
}

void addNormals(const at::Tensor& volume, double deviation, const at::Tensor& state,
                const at::Tensor& out) {
  checkSameSize(volume, out);
  Stream stream(state);
  const float* const from = volume.data_ptr<float>();
  float* const to = out.data_ptr<float>();
  // One number hangs on the one before, what is made of them on nothing: a block of each in turn.
  constexpr int64_t kBlock = 256;
  std::array<double, kBlock> first, second;
  for (int64_t begin = 0; begin < volume.numel(); begin += kBlock) {
    const int64_t count = std::min(kBlock, volume.numel() - begin);
    for (int64_t at = 0; at < count; ++at) {
      first[at] = stream.uniform();
      second[at] = stream.uniform();
    }
    addEach(from + begin, count, deviation, first.data(), second.data(), to + begin);
  }
}

void drawEvenly(double bound, const at::Tensor& state, const at::Tensor& out) {
  checkFloats(out, "a result");
  Stream stream(state);
  float* const to = out.data_ptr<float>();
  for (int64_t at = 0; at < out.numel(); ++at) {
    to[at] = static_cast<float>((2 * stream.uniform() - 1) * bound);
  }
}

void raise(const at::Tensor& volume, double low, double range, double power,
           const at::Tensor& out) {
  checkSameSize(volume, out);
  const float* const from = volume.data_ptr<float>();
  float* const to = out.data_ptr<float>();
  at::parallel_for(0, volume.numel(), kVoxelsOfThread, [&](int64_t begin, int64_t end) {
    raiseEach(from + begin, end - begin, low, range, power, to + begin);
  });
}

typedef at::ArrayRef<double> Numbers;

// Terms are (a, b, c) by threes, a coefficient for each; tables hold as many orders for each index.
void checkField(const Size& size, Numbers x, Numbers y, Numbers z, int64_t orders,
                at::IntArrayRef terms, Numbers coefficients) {
  TORCH_CHECK(orders > 0, "a field has an order at least");
  const std::array<Numbers, 3> tables = {x, y, z};
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto values = static_cast<int64_t>(tables[axis].size());
    TORCH_CHECK(values % orders == 0 && values / orders == size[axis], "a table of ", values,
                " values for ", size[axis], " voxels");
  }
  TORCH_CHECK(terms.size() == 3 * coefficients.size(), "a term has three orders and a coefficient");
  for (const int64_t order : terms) {
    TORCH_CHECK(order >= 0 && order < orders, "no table has order ", order);
  }
}

void shade(const at::Tensor& volume, Numbers x, Numbers y, Numbers z, int64_t orders,
           at::IntArrayRef terms, Numbers coefficients, const at::Tensor& out) {
  checkSameSize(volume, out);
  const Size size = sizeOf(volume);
  checkField(size, x, y, z, orders, terms, coefficients);
  const float* const from = volume.data_ptr<float>();
  float* const to = out.data_ptr<float>();
  const int64_t grain = kVoxelsOfThread / size[0] + 1;
  at::parallel_for(0, size[1] * size[2], grain, [&](int64_t begin, int64_t end) {
    std::vector<double> factors(orders), field(size[0]);
    for (int64_t row = begin; row < end; ++row) {
      const int64_t j = row % size[1], k = row / size[1];
      std::fill(factors.begin(), factors.end(), 0.);
      for (size_t term = 0; term < coefficients.size(); ++term) {
        const int64_t* const at = &terms[3 * term];
        factors[at[0]] += coefficients[term] * y[j * orders + at[1]] * z[k * orders + at[2]];
      }
      for (int64_t i = 0; i < size[0]; ++i) {
        double sum = 0;
        for (int64_t order = 0; order < orders; ++order) {
          sum += factors[order] * x[i * orders + order];
        }
        field[i] = sum;
      }
      shadeEach(from + row * size[0], size[0], field.data(), to + row * size[0]);
    }
  });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  // A stream's four words go on.
  library.def("add_normals(Tensor volume, float deviation, Tensor(a!) state, Tensor(b!) out) -> ()");
  library.def("draw_evenly(float bound, Tensor(a!) state, Tensor(b!) out) -> ()");
  library.def(
      "raise_volume(Tensor volume, float low, float range, float power, Tensor(a!) out) -> ()");
  library.def(
      "shade_volume(Tensor volume, float[] x, float[] y, float[] z, int orders, int[] terms, "
      "float[] coefficients, Tensor(a!) out) -> ()");
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("add_normals", addNormals);
  library.impl("draw_evenly", drawEvenly);
  library.impl("raise_volume", raise);
  library.impl("shade_volume", shade);
}

}  // namespace fedvox
