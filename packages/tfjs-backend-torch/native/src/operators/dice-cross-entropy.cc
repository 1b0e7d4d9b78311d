// Soft Dice plus cross-entropy of a softmax, and its gradient, in one pass over the logits each. Logits
// are [batch, …, classes], labels int32 [batch, …].

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include <cmath>

#include "volumes.h"

namespace fedvox {
namespace {

// Added to both parts of the Dice fraction.
constexpr double kSmooth = 1e-5;

// What both ways of computing share: from sums over voxels, [batch, classes] in float64, and the
// cross-entropy, the loss and the Dice part's ∂/∂p = alpha · (is true) + beta, as [2, batch, classes].
std::tuple<at::Tensor, at::Tensor> lossOf(const at::Tensor& intersections,
                                          const at::Tensor& probabilities, const at::Tensor& counts,
                                          const at::Tensor& crossEntropy, bool includeBackground,
                                          double diceWeight, double crossEntropyWeight) {
  auto share = at::ones({1, counts.size(1)}, counts.options());
  if (!includeBackground) share.select(1, 0).zero_();
  share = share / (share.sum() * counts.size(0));
  const auto numerator = 2 * intersections + kSmooth;
  const auto denominator = probabilities + counts + kSmooth;
  const auto dice = (share * (1 - numerator / denominator)).sum();
  const auto loss = dice * diceWeight + crossEntropy * crossEntropyWeight;
  const auto coefficients =
      at::stack({-2 * share / denominator, share * numerator / denominator.square()});
  return {loss.to(at::kFloat), (coefficients * diceWeight).to(at::kFloat)};
}

// --- what fits -----------------------------------------------------------------------------------

// Both bodies hold their arguments to this: the loops would read past labels that are too few.
void expectFit(const at::Tensor& logits, const at::Tensor& labels) {
  TORCH_CHECK(labels.dim() > 0 && labels.numel() > 0 && labels.scalar_type() == at::kInt &&
                  logits.dim() == labels.dim() + 1 &&
                  logits.sizes().slice(0, labels.dim()) == labels.sizes() && logits.numel() > 0,
              "logits ", logits.sizes(), " do not fit labels ", labels.sizes(), ", which are int32");
}

void expectFit(const at::Tensor& dy, const at::Tensor& logits, const at::Tensor& labels,
               const at::Tensor& coefficients) {
  expectFit(logits, labels);
  TORCH_CHECK(dy.numel() == 1, "the gradient of a loss is one value, not ", dy.sizes());
  TORCH_CHECK(coefficients.dim() == 3 && coefficients.size(0) == 2 &&
                  coefficients.size(1) == labels.size(0) && coefficients.size(2) == logits.size(-1),
              "coefficients are [2, batch, classes], not ", coefficients.sizes());
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

std::tuple<at::Tensor, at::Tensor> composedLoss(const at::Tensor& logits, const at::Tensor& labels,
                                                bool includeBackground, double diceWeight,
                                                double crossEntropyWeight) {
  expectFit(logits, labels);
  const auto [logs, truth] = softmaxOf(logits, labels);
  const auto probabilities = logs.exp();
  const auto crossEntropy = -(truth * logs).sum() / static_cast<double>(labels.numel());
  return lossOf((probabilities * truth).sum(1), probabilities.sum(1), truth.sum(1), crossEntropy,
                includeBackground, diceWeight, crossEntropyWeight);
}

at::Tensor composedGradient(const at::Tensor& dy, const at::Tensor& logits,
                            const at::Tensor& labels, const at::Tensor& coefficients,
                            double crossEntropyWeight) {
  expectFit(dy, logits, labels, coefficients);
  const auto [logs, truth] = softmaxOf(logits, labels);
  const auto probabilities = logs.exp();
  const double share = crossEntropyWeight / static_cast<double>(labels.numel());
  const auto weighted =
      probabilities * (truth * coefficients[0].unsqueeze(1) + coefficients[1].unsqueeze(1));
  const auto gradient = weighted - probabilities * weighted.sum(-1, true) +
                        (probabilities - truth) * share;
  return (gradient * dy).reshape(logits.sizes());
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

std::tuple<at::Tensor, at::Tensor> loss(const at::Tensor& logits, const at::Tensor& labels,
                                        bool includeBackground, double diceWeight,
                                        double crossEntropyWeight) {
  if (!hasWideVectors() || logits.size(-1) > kMostClasses) {
    return composedLoss(logits, labels, includeBackground, diceWeight, crossEntropyWeight);
  }
  expectFit(logits, labels);
  const LabelledSlices slices(logits, labels);
  const auto sums = at::zeros({slices.count, 3, slices.classes}, at::kFloat);
  const auto losses = at::zeros({slices.count}, at::kDouble);
  slices.each([&](int64_t slice, int64_t, int64_t, const LabelledRun& run) {
    float* const to = sums.data_ptr<float>() + slice * 3 * slices.classes;
    kernels().softmaxSums(run, logarithm, to, to + slices.classes, to + 2 * slices.classes,
                          losses.data_ptr<double>() + slice);
  });
  const auto perSample = sums.to(at::kDouble).reshape({-1, slices.inSample, 3, slices.classes}).sum(1);
  const auto crossEntropy = losses.sum() / static_cast<double>(labels.numel());
  return lossOf(perSample.select(1, 0), perSample.select(1, 1), perSample.select(1, 2), crossEntropy,
                includeBackground, diceWeight, crossEntropyWeight);
}

at::Tensor gradient(const at::Tensor& dy, const at::Tensor& logits, const at::Tensor& labels,
                    const at::Tensor& coefficients, double crossEntropyWeight) {
  if (!hasWideVectors() || logits.size(-1) > kMostClasses) {
    return composedGradient(dy, logits, labels, coefficients, crossEntropyWeight);
  }
  expectFit(dy, logits, labels, coefficients);
  const LabelledSlices slices(logits, labels);
  const float scale = dy.item<float>();
  const auto scaled = (coefficients * scale).to(at::kFloat).contiguous();
  const auto share = static_cast<float>(scale * crossEntropyWeight / labels.numel());
  const auto result = at::empty(logits.sizes(), logits.options().dtype(at::kFloat));
  const float* const alphas = scaled.data_ptr<float>();
  const float* const betas = alphas + scaled.numel() / 2;
  slices.each([&](int64_t, int64_t sample, int64_t first, const LabelledRun& run) {
    const int64_t row = sample * slices.classes;
    kernels().softmaxGradient(run, alphas + row, betas + row, share,
                              result.data_ptr<float>() + first * slices.classes);
  });
  return result;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  // The loss, and the Dice part's two coefficients for the gradient, [2, batch, classes].
  library.def(
      "dice_cross_entropy(Tensor logits, Tensor labels, bool include_background, "
      "float dice_weight, float cross_entropy_weight) -> (Tensor, Tensor)");
  library.def(
      "dice_cross_entropy_gradient(Tensor dy, Tensor logits, Tensor labels, Tensor coefficients, "
      "float cross_entropy_weight) -> Tensor");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("dice_cross_entropy", composedLoss);
  library.impl("dice_cross_entropy_gradient", composedGradient);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("dice_cross_entropy", loss);
  library.impl("dice_cross_entropy_gradient", gradient);
}

}  // namespace fedvox
