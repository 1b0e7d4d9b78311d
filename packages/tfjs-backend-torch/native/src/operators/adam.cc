// A step of Adam over all parameters in one pass, into new tensors.

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <torch/library.h>

#include <cmath>

#include "volumes.h"

namespace fedvox {
namespace {

struct Settings {
  double learningRate, beta1, beta2, epsilon, weightDecay;
  bool decoupled;
  int64_t step;

  // Of a weight's own size: what its gradient has besides, and what a step leaves of it.
  double pull() const { return decoupled ? 0 : weightDecay; }
  double kept() const { return decoupled ? 1 - learningRate * weightDecay : 1; }
  double stepSize() const { return learningRate / (1 - std::pow(beta1, step)); }
  double spread() const { return 1 / std::sqrt(1 - std::pow(beta2, step)); }
};

// Both bodies hold their arguments to this: the loops would read past what is too short.
void expectFit(at::TensorList values, at::TensorList gradients, at::TensorList firsts,
               at::TensorList seconds, int64_t step) {
  TORCH_CHECK(step > 0, "Adam counts its steps from 1 on, not ", step);
  for (const auto& list : {gradients, firsts, seconds}) {
    TORCH_CHECK(list.size() == values.size(), "Adam takes as many gradients and moments as weights: ",
                values.size(), ", not ", list.size());
    for (size_t index = 0; index < list.size(); ++index) {
      TORCH_CHECK(list[index].sizes() == values[index].sizes(), "weights ", values[index].sizes(),
                  " have no gradient or moment ", list[index].sizes());
    }
  }
}

// Values, first and second moments, as new lists one after the other.
std::vector<at::Tensor> composedAdam(at::TensorList values, at::TensorList ofLoss,
                                     at::TensorList firsts, at::TensorList seconds,
                                     double learningRate, double beta1, double beta2,
                                     double epsilon, double weightDecay, bool decoupled,
                                     int64_t step) {
  expectFit(values, ofLoss, firsts, seconds, step);
  const Settings settings{learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step};
  auto gradients = ofLoss.vec();
  if (settings.pull() != 0) gradients = at::_foreach_add(gradients, values, settings.pull());
  auto kept = values.vec();
  if (settings.kept() != 1) kept = at::_foreach_mul(values, settings.kept());
  auto first = at::_foreach_mul(firsts, beta1);
  at::_foreach_add_(first, gradients, 1 - beta1);
  auto second = at::_foreach_mul(seconds, beta2);
  at::_foreach_addcmul_(second, gradients, gradients, 1 - beta2);
  auto spread = at::_foreach_sqrt(second);
  at::_foreach_mul_(spread, settings.spread());
  at::_foreach_add_(spread, epsilon);
  auto next = at::_foreach_addcdiv(kept, first, spread, -settings.stepSize());
  next.insert(next.end(), first.begin(), first.end());
  next.insert(next.end(), second.begin(), second.end());
  return next;
}

// Weights that one thread takes at a time.
constexpr int64_t kRun = 16 * 1024;

struct Part {
  size_t tensor;
  int64_t first;
};

std::vector<at::Tensor> adam(at::TensorList values, at::TensorList gradients,
                             at::TensorList firsts, at::TensorList seconds, double learningRate,
                             double beta1, double beta2, double epsilon, double weightDecay,
                             bool decoupled, int64_t step) {
  if (!hasWideVectors()) {
    return composedAdam(values, gradients, firsts, seconds, learningRate, beta1, beta2, epsilon,
                        weightDecay, decoupled, step);
  }
  expectFit(values, gradients, firsts, seconds, step);
  const size_t count = values.size();
  std::vector<at::Tensor> inputs, next(3 * count);
  std::vector<Part> parts;
  for (const auto& list : {values, gradients, firsts, seconds}) {
    for (const auto& each : list) inputs.push_back(each.to(at::kFloat).contiguous());
  }
  for (size_t index = 0; index < count; ++index) {
    for (size_t kind = 0; kind < 3; ++kind) next[kind * count + index] = at::empty_like(inputs[index]);
    for (int64_t first = 0; first < inputs[index].numel(); first += kRun) parts.push_back({index, first});
  }
  const Settings settings{learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step};
  AdamRun common{};
  common.beta1 = static_cast<float>(beta1);
  common.beta2 = static_cast<float>(beta2);
  common.epsilon = static_cast<float>(epsilon);
  common.spread = static_cast<float>(settings.spread());
  common.stepSize = static_cast<float>(settings.stepSize());
  common.pull = static_cast<float>(settings.pull());
  common.kept = static_cast<float>(settings.kept());
  at::parallel_for(0, static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const auto [index, first] = parts[part];
      const auto input = [&, index = index, first = first](size_t kind) {
        return inputs[kind * count + index].data_ptr<float>() + first;
      };
      const auto output = [&, index = index, first = first](size_t kind) {
        return next[kind * count + index].data_ptr<float>() + first;
      };
      AdamRun run = common;
      run.values = input(0), run.gradients = input(1), run.firsts = input(2), run.seconds = input(3);
      run.nextValues = output(0), run.nextFirsts = output(1), run.nextSeconds = output(2);
      run.count = static_cast<size_t>(std::min(kRun, inputs[index].numel() - first));
      kernels().adam(run);
    }
  });
  return next;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  library.def(
      "adam(Tensor[] values, Tensor[] gradients, Tensor[] firsts, Tensor[] seconds, "
      "float learning_rate, float beta1, float beta2, float epsilon, float weight_decay, "
      "bool decoupled, int step) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("adam", composedAdam);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) { library.impl("adam", adam); }

}  // namespace fedvox
