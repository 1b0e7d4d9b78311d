// Group norm (instance and batch norm are special cases) and the PReLU behind it, in as few passes over
// the volume as there can be: two forward, two backward. Volumes are [batch, …, channels].

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "volumes.h"

namespace fedvox {
namespace {

// --- what fits -----------------------------------------------------------------------------------

// Both bodies hold their arguments to this: the loops would read past what is too short, and divide by what
// is empty.
void expectFit(const at::Tensor& x, int64_t groups, const at::Tensor& alpha) {
  TORCH_CHECK(x.dim() > 1 && x.numel() > 0 && groups > 0 && x.size(-1) % groups == 0 &&
                  alpha.dim() == 1 && (alpha.size(0) == 1 || alpha.size(0) == x.size(-1)),
              "norm and PReLU do not fit: values ", x.sizes(), " in ", groups, " groups, slopes ",
              alpha.sizes());
}

void expectFit(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& mean,
               const at::Tensor& inverse, const at::Tensor& alpha) {
  TORCH_CHECK(dy.sizes() == x.sizes() && x.dim() > 1 && mean.dim() == 2 && mean.size(0) == x.size(0) &&
                  inverse.sizes() == mean.sizes(),
              "gradients of a norm do not fit: gradient ", dy.sizes(), ", values ", x.sizes(),
              ", means ", mean.sizes(), ", inverse deviations ", inverse.sizes());
  expectFit(x, mean.size(1), alpha);
}

void expectSums(const at::Tensor& sums, const at::Tensor& x) {
  TORCH_CHECK(sums.dim() == 3 && sums.size(0) == 3 && sums.size(1) == x.size(0) &&
                  sums.size(2) == x.size(-1),
              "sums of a norm are [3, batch, channels], not ", sums.sizes());
}

// --- by ATen -------------------------------------------------------------------------------------

// [batch, voxels, groups, channels of a group], in float32.
at::Tensor grouped(const at::Tensor& x, int64_t groups) {
  return x.to(at::kFloat).reshape({x.size(0), -1, groups, x.size(-1) / groups});
}

at::Tensor perGroup(const at::Tensor& values) {
  return values.reshape({values.size(0), 1, values.size(1), 1});
}

at::Tensor slopeOf(const at::Tensor& alpha, const at::Tensor& rows) {
  return alpha.size(0) == 1 ? alpha : alpha.reshape({rows.size(2), rows.size(3)});
}

struct Composed {
  at::Tensor normal, gradient, slope;
};

// What the forward pass made before the PReLU, and the gradient there.
Composed backThroughPrelu(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& mean,
                          const at::Tensor& inverse, const at::Tensor& alpha) {
  const int64_t groups = mean.size(1);
  const auto normal = (grouped(x, groups) - perGroup(mean)) * perGroup(inverse);
  const auto gradient = grouped(dy, groups);
  const auto slope = slopeOf(alpha, normal);
  return {normal, at::where(normal > 0, gradient, gradient * slope), slope};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> composedNormPrelu(const at::Tensor& x,
                                                                 const at::Tensor& alpha,
                                                                 int64_t groups, double epsilon) {
  expectFit(x, groups, alpha);
  const auto rows = grouped(x, groups);
  const auto mean = rows.mean({1, 3});
  const auto centred = rows - perGroup(mean);
  const auto inverse = (centred.square().mean({1, 3}) + epsilon).rsqrt();
  const auto normal = centred * perGroup(inverse);
  const auto y = at::where(normal > 0, normal, normal * slopeOf(alpha, normal));
  return {y.reshape(x.sizes()).to(x.scalar_type()), mean, inverse};
}

at::Tensor composedSums(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& mean,
                        const at::Tensor& inverse, const at::Tensor& alpha) {
  expectFit(dy, x, mean, inverse, alpha);
  const auto [normal, gradient, slope] = backThroughPrelu(dy, x, mean, inverse, alpha);
  const auto below = grouped(dy, mean.size(1)) * normal.clamp_max(0);
  const auto summed = [&](const at::Tensor& values) {
    return values.sum(1).reshape({x.size(0), x.size(-1)});
  };
  return at::stack({summed(gradient), summed(gradient * normal), summed(below)});
}

// Sums over channels [batch, channels] as means over groups [batch, groups].
at::Tensor groupMeans(const at::Tensor& sums, int64_t groups, int64_t voxels) {
  const int64_t perGroup = sums.size(1) / groups;
  return sums.reshape({sums.size(0), groups, perGroup}).sum(2) / (voxels * perGroup);
}

int64_t voxelsOf(const at::Tensor& x) { return x.numel() / (x.size(0) * x.size(-1)); }

at::Tensor composedGradient(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& mean,
                            const at::Tensor& inverse, const at::Tensor& alpha,
                            const at::Tensor& sums) {
  expectFit(dy, x, mean, inverse, alpha);
  expectSums(sums, x);
  const auto [normal, gradient, slope] = backThroughPrelu(dy, x, mean, inverse, alpha);
  const int64_t groups = mean.size(1), voxels = voxelsOf(x);
  const auto centred = gradient - perGroup(groupMeans(sums[0], groups, voxels)) -
                       normal * perGroup(groupMeans(sums[1], groups, voxels));
  return (centred * perGroup(inverse)).reshape(x.sizes()).to(x.scalar_type());
}

// --- by our own loops ----------------------------------------------------------------------------

// Long enough for a loop over it, short enough to stay in the first cache with its sums.
constexpr int64_t kPeriodValues = 512;
// Fixed, so that sums do not depend on the number of threads.
constexpr int64_t kSliceValues = 32 * 1024;
// Of a sample's first voxels, whose mean is subtracted before squaring so that nothing cancels.
constexpr int64_t kVoxelsForShift = 256;

typedef std::vector<float> Table;

// A volume cut into runs of whole periods, sample by sample.
struct Slices {
  explicit Slices(const at::Tensor& x)
      : batch(x.size(0)),
        channels(x.size(-1)),
        perSample(x.numel() / batch),
        // A number of voxels that vectors divide, so that only a run's end is not whole.
        period(channels * std::max<int64_t>(1, kPeriodValues / channels / 16) * 16),
        length(std::max<int64_t>(1, kSliceValues / period) * period),
        inSample((perSample + length - 1) / length),
        count(batch * inSample) {}

  template <typename Body>
  void each(Body body) const {
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t slice = begin; slice < end; ++slice) {
        const int64_t sample = slice / inSample, first = slice % inSample * length;
        const auto values = static_cast<size_t>(std::min(length, perSample - first));
        body(slice, sample, sample * perSample + first,
             PeriodicRun{values, static_cast<size_t>(period)});
      }
    });
  }

  // Sums of each slice, [count, kinds, period], as sums of each channel, [kinds, batch, channels].
  std::vector<double> channelSums(const Table& slices, int64_t kinds) const {
    std::vector<double> sums(kinds * batch * channels, 0.);
    const float* from = slices.data();
    for (int64_t slice = 0; slice < count; ++slice) {
      for (int64_t kind = 0; kind < kinds; ++kind) {
        double* const to = sums.data() + (kind * batch + slice / inSample) * channels;
        for (int64_t at = 0; at < period; at += channels) {
          for (int64_t c = 0; c < channels; ++c) to[c] += *from++;
        }
      }
    }
    return sums;
  }

  // Values of `count` groups a row, [rows, groups], repeated over a period: [rows, period].
  template <typename Value>
  Table overPeriod(const Value* values, int64_t rows, int64_t groups) const {
    Table table(rows * period);
    const int64_t perGroup = channels / groups;
    for (int64_t row = 0; row < rows; ++row) {
      float* const to = table.data() + row * period;
      for (int64_t c = 0; c < channels; ++c) {
        to[c] = static_cast<float>(values[row * groups + c / perGroup]);
      }
      for (int64_t at = channels; at < period; ++at) to[at] = to[at - channels];
    }
    return table;
  }

  // Sums over channels, [batch, channels], as means over groups, [batch, groups].
  template <typename Value>
  std::vector<double> groupMeans(const Value* sums, int64_t groups) const {
    std::vector<double> means(batch * groups, 0.);
    const int64_t perGroup = channels / groups;
    for (int64_t at = 0; at < batch * channels; ++at) means[at / perGroup] += sums[at];
    for (double& mean : means) mean /= static_cast<double>(perSample / channels * perGroup);
    return means;
  }

  const int64_t batch, channels, perSample, period, length, inSample, count;
};

// As the loops read them: one after the other, also where they were given transposed or expanded.
at::Tensor floatsOf(const at::Tensor& values) { return values.to(at::kFloat).contiguous(); }

// What norm and PReLU do to each value of a period, for each sample.
struct Norms {
  Norms(const at::Tensor& mean, const at::Tensor& inverse, const at::Tensor& alpha,
        const Slices& slices)
      : period(slices.period),
        scales(slices.overPeriod(floatsOf(inverse).data_ptr<float>(), slices.batch, mean.size(1))),
        offsets(slices.overPeriod(floatsOf(mean).data_ptr<float>(), slices.batch, mean.size(1))),
        slopes(slices.overPeriod(floatsOf(alpha).data_ptr<float>(), 1, alpha.size(0))) {
    for (size_t at = 0; at < offsets.size(); ++at) offsets[at] *= -scales[at];
  }

  NormPeriod of(int64_t sample) const {
    return {scales.data() + sample * period, offsets.data() + sample * period, slopes.data()};
  }

  int64_t period;
  Table scales, offsets, slopes;
};

// The mean of each group over a sample's first voxels, [batch, groups].
std::vector<double> shiftsOf(const at::Tensor& x, const Slices& slices, int64_t groups) {
  const int64_t channels = slices.channels, perGroup = channels / groups;
  const int64_t voxels = std::min(kVoxelsForShift, slices.perSample / channels);
  std::vector<double> shifts(slices.batch * groups, 0.);
  Table values(voxels * channels);
  for (int64_t sample = 0; sample < slices.batch; ++sample) {
    kernels().load(valuesAt(x, sample * slices.perSample), storageOf(x), values.data(),
                   values.size());
    Table sums(channels, 0.f);
    for (int64_t voxel = 0; voxel < voxels; ++voxel) {
      for (int64_t c = 0; c < channels; ++c) sums[c] += values[voxel * channels + c];
    }
    for (int64_t c = 0; c < channels; ++c) {
      shifts[sample * groups + c / perGroup] += sums[c] / static_cast<double>(voxels * perGroup);
    }
  }
  return shifts;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> normPrelu(const at::Tensor& given,
                                                         const at::Tensor& alpha, int64_t groups,
                                                         double epsilon) {
  if (!hasWideVectors()) return composedNormPrelu(given, alpha, groups, epsilon);
  expectFit(given, groups, alpha);
  const auto x = given.contiguous();
  const auto& simd = kernels();
  const Slices slices(x);
  const Storage stored = storageOf(x);
  const auto shift = shiftsOf(x, slices, groups);
  const Table shifts = slices.overPeriod(shift.data(), slices.batch, groups);
  Table partial(slices.count * 2 * slices.period, 0.f);
  slices.each([&](int64_t slice, int64_t sample, int64_t at, const PeriodicRun& run) {
    float* const sums = partial.data() + slice * 2 * slices.period;
    simd.moments(run, valuesAt(x, at), stored, shifts.data() + sample * slices.period, sums,
                 sums + slices.period);
  });
  const auto sums = slices.channelSums(partial, 2);
  const auto drift = slices.groupMeans(sums.data(), groups);
  const auto squares = slices.groupMeans(sums.data() + slices.batch * slices.channels, groups);
  const auto mean = at::empty({slices.batch, groups}, x.options().dtype(at::kFloat));
  const auto inverse = at::empty_like(mean);
  for (size_t at = 0; at < drift.size(); ++at) {
    const double variance = std::max(0., squares[at] - drift[at] * drift[at]);
    mean.data_ptr<float>()[at] = static_cast<float>(shift[at] + drift[at]);
    inverse.data_ptr<float>()[at] = static_cast<float>(1 / std::sqrt(variance + epsilon));
  }

  const Norms norms(mean, inverse, alpha, slices);
  const auto y = at::empty_like(x);
  slices.each([&](int64_t, int64_t sample, int64_t at, const PeriodicRun& run) {
    simd.normPrelu(run, norms.of(sample), valuesAt(x, at), stored, valuesAt(y, at));
  });
  return {y, mean, inverse};
}

at::Tensor normPreluSums(const at::Tensor& dyGiven, const at::Tensor& xGiven,
                         const at::Tensor& mean, const at::Tensor& inverse,
                         const at::Tensor& alpha) {
  if (!hasWideVectors()) return composedSums(dyGiven, xGiven, mean, inverse, alpha);
  expectFit(dyGiven, xGiven, mean, inverse, alpha);
  const auto x = xGiven.contiguous(), dy = dyGiven.contiguous();
  const Slices slices(x);
  const Norms norms(mean, inverse, alpha, slices);
  Table partial(slices.count * 3 * slices.period, 0.f);
  slices.each([&](int64_t slice, int64_t sample, int64_t at, const PeriodicRun& run) {
    float* const sums = partial.data() + slice * 3 * slices.period;
    kernels().normPreluSums(run, norms.of(sample), valuesAt(x, at), storageOf(x), valuesAt(dy, at),
                            storageOf(dy), sums, sums + slices.period, sums + 2 * slices.period);
  });
  const auto sums = slices.channelSums(partial, 3);
  const auto result = at::empty({3, slices.batch, slices.channels}, x.options().dtype(at::kFloat));
  std::copy(sums.begin(), sums.end(), result.data_ptr<float>());
  return result;
}

at::Tensor normPreluGradient(const at::Tensor& dyGiven, const at::Tensor& xGiven,
                             const at::Tensor& mean, const at::Tensor& inverse,
                             const at::Tensor& alpha, const at::Tensor& sums) {
  if (!hasWideVectors()) return composedGradient(dyGiven, xGiven, mean, inverse, alpha, sums);
  expectFit(dyGiven, xGiven, mean, inverse, alpha);
  expectSums(sums, xGiven);
  const auto x = xGiven.contiguous(), dy = dyGiven.contiguous();
  const Slices slices(x);
  const Norms norms(mean, inverse, alpha, slices);
  const auto summed = floatsOf(sums);
  const int64_t groups = mean.size(1);
  const float* const values = summed.data_ptr<float>();
  const auto over = [&](int64_t kind) {
    const float* const kindSums = values + kind * slices.batch * slices.channels;
    return slices.overPeriod(slices.groupMeans(kindSums, groups).data(), slices.batch, groups);
  };
  const Table means = over(0), alongs = over(1);
  const auto dx = at::empty_like(x);
  slices.each([&](int64_t, int64_t sample, int64_t at, const PeriodicRun& run) {
    const int64_t row = sample * slices.period;
    kernels().normPreluGradient(run, norms.of(sample), valuesAt(x, at), storageOf(x),
                                valuesAt(dy, at), storageOf(dy), means.data() + row,
                                alongs.data() + row, valuesAt(dx, at));
  });
  return dx;
}

at::Tensor composedChannelSums(const at::Tensor& x) {
  TORCH_CHECK(x.dim() > 1, "no channels to sum in ", x.sizes());
  return x.to(at::kFloat).reshape({-1, x.size(-1)}).sum(0);
}

// What a bias's gradient is. ATen would copy bfloat16 to float32 before it sums.
at::Tensor channelSums(const at::Tensor& given) {
  if (!hasWideVectors() || given.dim() < 2 || given.numel() == 0) return composedChannelSums(given);
  const auto x = given.contiguous();
  const Slices slices(x);
  const Table zeros(slices.period, 0.f);
  Table partial(slices.count * 2 * slices.period, 0.f);
  slices.each([&](int64_t slice, int64_t, int64_t at, const PeriodicRun& run) {
    float* const sums = partial.data() + slice * 2 * slices.period;
    kernels().moments(run, valuesAt(x, at), storageOf(x), zeros.data(), sums, sums + slices.period);
  });
  const auto sums = slices.channelSums(partial, 2);
  const auto result = at::empty({slices.channels}, x.options().dtype(at::kFloat));
  for (int64_t c = 0; c < slices.channels; ++c) {
    double sum = 0;
    for (int64_t sample = 0; sample < slices.batch; ++sample) sum += sums[sample * slices.channels + c];
    result.data_ptr<float>()[c] = static_cast<float>(sum);
  }
  return result;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  // [channels], in float32.
  library.def("channel_sums(Tensor x) -> Tensor");
  // y as x is stored; mean and 1 / √(variance + epsilon), [batch, groups]; alpha is [1] or [channels].
  library.def(
      "norm_prelu(Tensor x, Tensor alpha, int groups, float epsilon) -> (Tensor, Tensor, Tensor)");
  // With h the norm and g the gradient before the PReLU, Σg, Σgh and alpha's: [3, batch, channels].
  library.def(
      "norm_prelu_sums(Tensor dy, Tensor x, Tensor mean, Tensor inverse, Tensor alpha) -> Tensor");
  library.def(
      "norm_prelu_gradient(Tensor dy, Tensor x, Tensor mean, Tensor inverse, Tensor alpha, "
      "Tensor sums) -> Tensor");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("channel_sums", composedChannelSums);
  library.impl("norm_prelu", composedNormPrelu);
  library.impl("norm_prelu_sums", composedSums);
  library.impl("norm_prelu_gradient", composedGradient);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("channel_sums", channelSums);
  library.impl("norm_prelu", normPrelu);
  library.impl("norm_prelu_sums", normPreluSums);
  library.impl("norm_prelu_gradient", normPreluGradient);
}

}  // namespace fedvox
