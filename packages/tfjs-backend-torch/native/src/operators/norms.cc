// Group norm (instance and batch norm are special cases) and the PReLU behind it, in as few passes over
// the volume as there can be: two forward, two backward. Volumes are [batch, …, channels].

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include "volumes.h"

namespace fedvox {
namespace {

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

// A volume cut into runs of whole periods, sample by sample.
struct Slices {
  explicit Slices(const at::Tensor& x)
      : channels(x.size(-1)),
        perSample(x.numel() / x.size(0)),
        // A number of voxels that vectors divide, so that only a run's end is not whole.
        period(channels * std::max<int64_t>(1, kPeriodValues / channels / 16) * 16),
        length(std::max<int64_t>(1, kSliceValues / period) * period),
        inSample((perSample + length - 1) / length),
        count(x.size(0) * inSample) {}

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
  at::Tensor channelSums(const at::Tensor& slices, int64_t kinds) const {
    return slices.reshape({-1, inSample, kinds, period / channels, channels})
        .sum(c10::IntArrayRef{1, 3}, false, at::kDouble)
        .permute({1, 0, 2});
  }

  const int64_t channels, perSample, period, length, inSample, count;
};

// [batch, groups] or [1, channels] values repeated over a period: [batch, period].
at::Tensor overPeriod(const at::Tensor& values, const Slices& slices) {
  const auto perChannel = values.repeat_interleave(slices.channels / values.size(1), 1);
  return perChannel.repeat({1, slices.period / slices.channels}).to(at::kFloat).contiguous();
}

struct Norms {
  Norms(const at::Tensor& mean, const at::Tensor& inverse, const at::Tensor& alpha,
        const Slices& slices)
      : period(slices.period),
        scales(overPeriod(inverse, slices)),
        offsets(overPeriod(-mean * inverse, slices)),
        slopes(overPeriod(alpha.reshape({1, -1}), slices)) {}

  NormPeriod of(int64_t sample) const {
    return {scales.data_ptr<float>() + sample * period, offsets.data_ptr<float>() + sample * period,
            slopes.data_ptr<float>()};
  }

  int64_t period;
  at::Tensor scales, offsets, slopes;
};

// The mean of a sample's first voxels, subtracted before squaring so that nothing cancels.
at::Tensor shiftsOf(const at::Tensor& x, const Slices& slices, int64_t groups) {
  const int64_t samples = x.size(0), voxels = std::min<int64_t>(4096, slices.perSample / slices.channels);
  const auto first = x.reshape({samples, -1, slices.channels}).narrow(1, 0, voxels);
  return first.mean(1, false, at::kFloat).reshape({samples, groups, -1}).mean(2);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> normPrelu(const at::Tensor& given,
                                                         const at::Tensor& alpha, int64_t groups,
                                                         double epsilon) {
  if (!hasWideVectors()) return composedNormPrelu(given, alpha, groups, epsilon);
  const auto x = given.contiguous();
  const auto& simd = kernels();
  const Slices slices(x);
  const Storage stored = storageOf(x);
  const auto shift = shiftsOf(x, slices, groups);
  const auto shifts = overPeriod(shift, slices);
  const auto partial = at::zeros({slices.count, 2, slices.period}, at::kFloat);
  slices.each([&](int64_t slice, int64_t sample, int64_t at, const PeriodicRun& run) {
    float* const sums = partial.data_ptr<float>() + slice * 2 * slices.period;
    simd.moments(run, valuesAt(x, at), stored, shifts.data_ptr<float>() + sample * slices.period,
                 sums, sums + slices.period);
  });
  const auto sums = slices.channelSums(partial, 2);
  const int64_t voxels = voxelsOf(x);
  const auto drift = groupMeans(sums[0], groups, voxels);
  const auto variance = groupMeans(sums[1], groups, voxels) - drift.square();
  const auto mean = (shift + drift).to(at::kFloat);
  const auto inverse = (variance.clamp_min(0) + epsilon).rsqrt().to(at::kFloat);

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
  const auto x = xGiven.contiguous(), dy = dyGiven.contiguous();
  const Slices slices(x);
  const Norms norms(mean, inverse, alpha, slices);
  const auto partial = at::zeros({slices.count, 3, slices.period}, at::kFloat);
  slices.each([&](int64_t slice, int64_t sample, int64_t at, const PeriodicRun& run) {
    float* const sums = partial.data_ptr<float>() + slice * 3 * slices.period;
    kernels().normPreluSums(run, norms.of(sample), valuesAt(x, at), storageOf(x), valuesAt(dy, at),
                            storageOf(dy), sums, sums + slices.period, sums + 2 * slices.period);
  });
  return slices.channelSums(partial, 3).to(at::kFloat).contiguous();
}

at::Tensor normPreluGradient(const at::Tensor& dyGiven, const at::Tensor& xGiven,
                             const at::Tensor& mean, const at::Tensor& inverse,
                             const at::Tensor& alpha, const at::Tensor& sums) {
  if (!hasWideVectors()) return composedGradient(dyGiven, xGiven, mean, inverse, alpha, sums);
  const auto x = xGiven.contiguous(), dy = dyGiven.contiguous();
  const Slices slices(x);
  const Norms norms(mean, inverse, alpha, slices);
  const int64_t groups = mean.size(1), voxels = voxelsOf(x);
  const auto means = overPeriod(groupMeans(sums[0], groups, voxels), slices);
  const auto alongs = overPeriod(groupMeans(sums[1], groups, voxels), slices);
  const auto dx = at::empty_like(x);
  slices.each([&](int64_t, int64_t sample, int64_t at, const PeriodicRun& run) {
    const int64_t row = sample * slices.period;
    kernels().normPreluGradient(run, norms.of(sample), valuesAt(x, at), storageOf(x),
                                valuesAt(dy, at), storageOf(dy), means.data_ptr<float>() + row,
                                alongs.data_ptr<float>() + row, valuesAt(dx, at));
  });
  return dx;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
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
  library.impl("norm_prelu", composedNormPrelu);
  library.impl("norm_prelu_sums", composedSums);
  library.impl("norm_prelu_gradient", composedGradient);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("norm_prelu", normPrelu);
  library.impl("norm_prelu_sums", normPreluSums);
  library.impl("norm_prelu_gradient", normPreluGradient);
}

}  // namespace fedvox
