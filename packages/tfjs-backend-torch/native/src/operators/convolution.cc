// 3D convolution and its two gradients over volumes that lie as tfjs has them: [batch, depth, height,
// width, channels], filters [depth, height, width, in, out]. On a processor with wide vectors they are
// computed by loops of our own (../volume); everywhere else by ATen's convolution.

#include <ATen/Functions.h>
#include <torch/library.h>

#include "../volume/filter-gradient.h"
#include "volumes.h"

namespace fedvox {
namespace {

using Bias = c10::optional<at::Tensor>;

// --- by ATen -------------------------------------------------------------------------------------

const int64_t kChannelsSecond[] = {0, 4, 1, 2, 3};
const int64_t kChannelsLast[] = {0, 2, 3, 4, 1};
const int64_t kOutFirst[] = {4, 3, 0, 1, 2};
const int64_t kOutLast[] = {2, 3, 4, 1, 0};
const int64_t kOnes[] = {1, 1, 1};
const int64_t kZeros[] = {0, 0, 0};

at::Tensor composedConv3d(const at::Tensor& x, const at::Tensor& filter, const Bias& bias,
                          at::IntArrayRef strides, at::IntArrayRef padding, at::ScalarType type) {
  const auto offset = bias ? Bias(bias->to(type)) : Bias();
  return at::convolution(x.to(type).permute(kChannelsSecond), filter.to(type).permute(kOutFirst),
                         offset, strides, padding, kOnes, false, kZeros, 1)
      .permute(kChannelsLast);
}

at::Tensor composedInputGradient(const at::Tensor& dy, const at::Tensor& filter, const Bias& bias,
                                 at::IntArrayRef strides, at::IntArrayRef padding,
                                 at::IntArrayRef size, at::ScalarType type) {
  // ATen takes the layout of a gradient from the image's, whose values it does not read.
  const auto image = at::empty({dy.size(0), size[0], size[1], size[2], filter.size(3)},
                               dy.options().dtype(type));
  const auto dx = std::get<0>(at::convolution_backward(
      dy.to(type).permute(kChannelsSecond), image.permute(kChannelsSecond),
      filter.to(type).permute(kOutFirst), c10::nullopt, strides, padding, kOnes, false, kZeros, 1,
      {true, false, false}));
  const auto result = dx.permute(kChannelsLast);
  return bias ? result.add(bias->to(type)) : result;
}

at::Tensor composedFilterGradient(const at::Tensor& x, const at::Tensor& dy,
                                  at::IntArrayRef strides, at::IntArrayRef padding,
                                  at::IntArrayRef taps, at::ScalarType type) {
  const auto filter = at::empty({dy.size(4), x.size(4), taps[0], taps[1], taps[2]},
                                x.options().dtype(type));
  const auto gradient = std::get<1>(at::convolution_backward(
      dy.to(type).permute(kChannelsSecond), x.to(type).permute(kChannelsSecond), filter,
      c10::nullopt, strides, padding, kOnes, false, kZeros, 1, {false, true, false}));
  return gradient.permute(kOutLast).to(at::kFloat);
}

// --- by our own loops ----------------------------------------------------------------------------

struct WholeFilter {
  at::Tensor values;
  Filter description;
};

// A volume in bfloat16 meets a filter rounded to it.
WholeFilter filterOf(const at::Tensor& filter, at::ScalarType operands, bool isTransposed) {
  const auto values = filter.to(operands).to(at::kFloat).contiguous();
  const auto size = values.sizes();
  return {values,
          {values.data_ptr<float>(), {size[0], size[1], size[2]}, size[3], size[4], isTransposed}};
}

at::Tensor slid(const at::Tensor& input, const WholeFilter& filter, const Bias& bias,
                const std::vector<Phase> (&phases)[3], const at::Tensor& output) {
  const auto values = input.contiguous();
  const auto offset = bias ? bias->to(at::kFloat).contiguous() : at::Tensor();
  slideOver(volumeOf(values), filter.description, bias ? offset.data_ptr<float>() : nullptr, phases,
            volumeOf(output));
  return output;
}

// The loops divide by strides, and would read past a bias that is too short.
void expectFit(const Bias& bias, int64_t channels, at::IntArrayRef strides, at::IntArrayRef padding) {
  TORCH_CHECK(strides.size() == 3 && padding.size() == 3, "a filter slides along three axes");
  for (int axis = 0; axis < 3; ++axis) {
    TORCH_CHECK(strides[axis] > 0 && padding[axis] >= 0, "a filter cannot slide by strides ", strides,
                " over padding ", padding);
  }
  TORCH_CHECK(!bias || bias->numel() == channels, "a bias ", bias->sizes(), " for ", channels,
              " channels");
}

at::Tensor conv3d(const at::Tensor& x, const at::Tensor& filter, const Bias& bias,
                  at::IntArrayRef strides, at::IntArrayRef padding, at::ScalarType type) {
  if (!hasWideVectors()) return composedConv3d(x, filter, bias, strides, padding, type);
  TORCH_CHECK(x.dim() == 5 && filter.dim() == 5 && x.size(4) == filter.size(3), "a convolution of ",
              x.sizes(), " with a filter ", filter.sizes(), ": the channels differ");
  expectFit(bias, filter.size(4), strides, padding);
  std::vector<Phase> phases[3];
  std::vector<int64_t> sizes{x.size(0)};
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t reach = x.size(axis + 1) + 2 * padding[axis] - filter.size(axis);
    TORCH_CHECK(reach >= 0, "a filter ", filter.sizes(), " is larger than the padded volume ",
                x.sizes());
    sizes.push_back(reach / strides[axis] + 1);
    phases[axis] = forwardPhases(sizes.back(), filter.size(axis), strides[axis], padding[axis]);
  }
  sizes.push_back(filter.size(4));
  const auto y = at::empty(sizes, x.options().dtype(type));
  return slid(x, filterOf(filter, x.scalar_type(), false), bias, phases, y);
}

at::Tensor conv3dInputGradient(const at::Tensor& dy, const at::Tensor& filter, const Bias& bias,
                               at::IntArrayRef strides, at::IntArrayRef padding,
                               at::IntArrayRef size, at::ScalarType type) {
  if (!hasWideVectors()) {
    return composedInputGradient(dy, filter, bias, strides, padding, size, type);
  }
  TORCH_CHECK(dy.dim() == 5 && filter.dim() == 5 && dy.size(4) == filter.size(4), "a gradient ",
              dy.sizes(), " with a filter ", filter.sizes(), ": the channels differ");
  expectFit(bias, filter.size(3), strides, padding);
  TORCH_CHECK(size.size() == 3, "a volume has three axes, not ", size.size());
  std::vector<Phase> phases[3];
  for (int axis = 0; axis < 3; ++axis) {
    phases[axis] = backwardPhases(size[axis], filter.size(axis), strides[axis], padding[axis]);
  }
  const auto dx = at::empty({dy.size(0), size[0], size[1], size[2], filter.size(3)},
                            dy.options().dtype(type));
  return slid(dy, filterOf(filter, dy.scalar_type(), true), bias, phases, dx);
}

at::Tensor conv3dFilterGradient(const at::Tensor& x, const at::Tensor& dy, at::IntArrayRef strides,
                                at::IntArrayRef padding, at::IntArrayRef taps,
                                at::ScalarType type) {
  if (!hasWideVectors()) return composedFilterGradient(x, dy, strides, padding, taps, type);
  const auto input = x.contiguous(), gradient = dy.contiguous();
  const Volume from = volumeOf(input), to = volumeOf(gradient);
  expectFit(Bias(), to.channels, strides, padding);
  TORCH_CHECK(taps.size() == 3 && from.batch == to.batch, "the gradient of a filter ", taps, " over ",
              x.sizes(), " does not come of ", dy.sizes());
  const auto along = [&](int axis) {
    return forwardPhases(to.size[axis], taps[axis], strides[axis], padding[axis]).front();
  };
  const Phase phases[]{along(0), along(1), along(2)};
  const auto sums = at::empty({taps[0], taps[1], taps[2], from.channels, to.channels},
                              x.options().dtype(at::kFloat));
  filterGradient(from, to, phases, sums.data_ptr<float>());
  return sums;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  library.def(
      "conv3d(Tensor x, Tensor filter, Tensor? bias, int[] strides, int[] padding, "
      "ScalarType dtype) -> Tensor");
  library.def(
      "conv3d_input_gradient(Tensor dy, Tensor filter, Tensor? bias, int[] strides, int[] padding, "
      "int[] size, ScalarType dtype) -> Tensor");
  library.def(
      "conv3d_filter_gradient(Tensor x, Tensor dy, int[] strides, int[] padding, int[] taps, "
      "ScalarType dtype) -> Tensor");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("conv3d", composedConv3d);
  library.impl("conv3d_input_gradient", composedInputGradient);
  library.impl("conv3d_filter_gradient", composedFilterGradient);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("conv3d", conv3d);
  library.impl("conv3d_input_gradient", conv3dInputGradient);
  library.impl("conv3d_filter_gradient", conv3dFilterGradient);
}

}  // namespace fedvox
