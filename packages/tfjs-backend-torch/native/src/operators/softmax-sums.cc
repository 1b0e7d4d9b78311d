// What losses sum up of a softmax and of true labels, and its gradient, in one pass over the logits each.
// Logits are [batch, …, classes], labels int32 [batch, …].

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include <cmath>

#include "volumes.h"

namespace fedvox {
namespace {

// --- what fits -----------------------------------------------------------------------------------

// Both bodies hold their arguments to this: the loops would read past labels that are too few.
void expectFit(const at::Tensor& logits, const at::Tensor& labels) {
  TORCH_CHECK(labels.dim() > 0 && labels.numel() > 0 && labels.scalar_type() == at::kInt &&
                  logits.dim() == labels.dim() + 1 &&
                  logits.sizes().slice(0, labels.dim()) == labels.sizes() && logits.numel() > 0,
              "logits ", logits.sizes(), " do not fit labels ", labels.sizes(), ", which are int32");
}

void expectFit(const at::Tensor& dy, const at::Tensor& logits, const at::Tensor& labels) {
  expectFit(logits, labels);
  TORCH_CHECK(dy.dim() == 3 && dy.size(0) == kSoftmaxSums && dy.size(1) == labels.size(0) &&
                  dy.size(2) == logits.size(-1),
              "sums of a softmax are [", kSoftmaxSums, ", batch, classes], not ", dy.sizes());
}

// --- by ATen -------------------------------------------------------------------------------------

struct Softmax {
  at::Tensor logs, truth;  // [batch, voxels, classes]
};

Softmax softmaxOf(const at::Tensor& logits, const at::Tensor& labels) {
  const int64_t classes = logits.size(-1);
  const auto logs = at::log_softmax(logits.to(at::kFloat).reshape({logits.size(0), -1, classes}), -1);
  const auto indices = at::arange(classes, labels.options());
  const auto truth = labels.reshape({labels.size(0), -1, 1}) == indices;
  return {logs, truth.to(at::kFloat)};
}

at::Tensor composedSums(const at::Tensor& logits, const at::Tensor& labels) {
  expectFit(logits, labels);
  const auto [logs, truth] = softmaxOf(logits, labels);
  const auto p = logs.exp();
  return at::stack({(p * truth).sum(1), p.sum(1), p.square().sum(1), truth.sum(1), (truth * logs).sum(1)});
}

at::Tensor composedGradient(const at::Tensor& dy, const at::Tensor& logits, const at::Tensor& labels) {
  expectFit(dy, logits, labels);
  const auto [logs, truth] = softmaxOf(logits, labels);
  const auto p = logs.exp();
  const auto of = [&](int64_t kind) { return dy.select(0, kind).unsqueeze(1); };
  const auto weighted = p * (truth * of(0) + of(1) + 2 * p * of(2));
  const auto own = truth * of(4);
  return (weighted + own - p * (weighted + own).sum(-1, true)).reshape(logits.sizes()).to(logits.scalar_type());
}

// --- by our own loops ----------------------------------------------------------------------------

// Fixed, so that sums do not depend on the number of threads.
constexpr int64_t kVoxelsOfSlice = 8192;
constexpr int64_t kMostClasses = 1024;

double logarithm(double value) { return std::log(value); }

struct LabelledSlices {
  LabelledSlices(const at::Tensor& logits, const at::Tensor& labels)
      : logits(logits.contiguous()),
        labels(labels.contiguous()),
        classes(logits.size(-1)),
        perSample(labels.numel() / labels.size(0)),
        inSample((perSample + kVoxelsOfSlice - 1) / kVoxelsOfSlice),
        count(labels.size(0) * inSample) {}

  template <typename Body>
  void each(Body body) const {
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t slice = begin; slice < end; ++slice) {
        const int64_t sample = slice / inSample, within = slice % inSample * kVoxelsOfSlice;
        const int64_t first = sample * perSample + within;
        const int64_t voxels = std::min(kVoxelsOfSlice, perSample - within);
        body(slice, sample, first,
             LabelledRun{valuesAt(logits, first * classes), storageOf(logits),
                         labels.data_ptr<int32_t>() + first, static_cast<size_t>(voxels),
                         static_cast<size_t>(classes)});
      }
    });
  }

  const at::Tensor logits, labels;
  const int64_t classes, perSample, inSample, count;
};

at::Tensor sums(const at::Tensor& logits, const at::Tensor& labels) {
  if (!hasWideVectors() || logits.size(-1) > kMostClasses) return composedSums(logits, labels);
  expectFit(logits, labels);
  const LabelledSlices slices(logits, labels);
  const int64_t row = kSoftmaxSums * slices.classes;
  const auto result = at::zeros({slices.count, row}, at::kDouble);
  slices.each([&](int64_t slice, int64_t, int64_t, const LabelledRun& run) {
    kernels().softmaxSums(run, logarithm, result.data_ptr<double>() + slice * row);
  });
  const auto perSample = result.reshape({-1, slices.inSample, kSoftmaxSums, slices.classes}).sum(1);
  return perSample.transpose(0, 1).to(at::kFloat).contiguous();
}

at::Tensor gradient(const at::Tensor& dy, const at::Tensor& logits, const at::Tensor& labels) {
  if (!hasWideVectors() || logits.size(-1) > kMostClasses) return composedGradient(dy, logits, labels);
  expectFit(dy, logits, labels);
  const LabelledSlices slices(logits, labels);
  const auto perSample = dy.to(at::kFloat).transpose(0, 1).contiguous();
  const auto result = at::empty(logits.sizes(), logits.options());
  slices.each([&](int64_t, int64_t sample, int64_t first, const LabelledRun& run) {
    kernels().softmaxGradient(run, perSample.data_ptr<float>() + sample * kSoftmaxSums * slices.classes,
                              valuesAt(result, first * slices.classes));
  });
  return result;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  // [sum, batch, classes], the sums as kernels.h has them.
  library.def("softmax_sums(Tensor logits, Tensor labels) -> Tensor");
  library.def("softmax_sums_gradient(Tensor dy, Tensor logits, Tensor labels) -> Tensor");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("softmax_sums", composedSums);
  library.impl("softmax_sums_gradient", composedGradient);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("softmax_sums", sums);
  library.impl("softmax_sums_gradient", gradient);
}

}  // namespace fedvox
