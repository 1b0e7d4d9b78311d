// 3D convolution and its two gradients over volumes that lie as tfjs has them: [batch, depth, height,
// width, channels], filters [depth, height, width, in, out]. On a processor with wide vectors they are
// computed by loops of our own (../volume); everywhere else by ATen's convolution.

#include <ATen/Functions.h>
#include <torch/library.h>

#include "../convolution/filter-gradient.h"
#include "libtorch-convolution.h"
#include "volumes.h"

namespace fedvox {
namespace {

using Bias = c10::optional<at::Tensor>;

// --- what fits -----------------------------------------------------------------------------------

// Of strides and padding: sums of them and of sizes stay far from overflowing, and rows that are mostly
// padding within memory.
constexpr int64_t kLongestStep = 1 << 20;
constexpr int64_t kLongestAxis = 1 << 30;

// Both bodies hold their arguments to this: the loops divide by sizes and strides, and read where these say.
// @param volume [batch, depth, height, width, in]
// @param filter [taps, taps, taps, in, out]
// @returns the sizes of the result, [batch, depth, height, width, out]
std::vector<int64_t> expectFit(at::IntArrayRef volume, at::IntArrayRef filter, at::IntArrayRef strides,
                               at::IntArrayRef padding) {
  TORCH_CHECK(volume.size() == 5 && filter.size() == 5 && volume[4] == filter[3], "a convolution of ",
              volume, " with a filter ", filter, ": the channels differ");
  for (const auto& sizes : {volume, filter}) {
    for (const auto size : sizes) {
      TORCH_CHECK(size > 0 && size <= kLongestAxis, "a convolution of ", volume, " with a filter ", filter,
                  ": an axis is empty, or longer than ", kLongestAxis);
    }
  }
  TORCH_CHECK(strides.size() == 3 && padding.size() == 3, "a filter slides along three axes");
  std::vector<int64_t> result{volume[0]};
  for (int axis = 0; axis < 3; ++axis) {
    TORCH_CHECK(strides[axis] > 0 && padding[axis] >= 0 && strides[axis] <= kLongestStep &&
                    padding[axis] <= kLongestStep,
                "a filter cannot slide by strides ", strides, " over padding ", padding);
    const int64_t reach = volume[axis + 1] + 2 * padding[axis] - filter[axis];
    TORCH_CHECK(reach >= 0, "a filter ", filter, " is larger than the padded volume ", volume);
    result.push_back(reach / strides[axis] + 1);
  }
  result.push_back(filter[4]);
  return result;
}

void expectFit(const Bias& bias, int64_t channels) {
  TORCH_CHECK(!bias || (bias->dim() == 1 && bias->size(0) == channels), "a bias ", bias->sizes(), " for ",
              channels, " channels");
}

std::vector<int64_t> expectFit(const at::Tensor& x, const at::Tensor& filter, const Bias& bias,
                               at::IntArrayRef strides, at::IntArrayRef padding) {
  const auto result = expectFit(x.sizes(), filter.sizes(), strides, padding);
  expectFit(bias, filter.size(4));
  return result;
}

// @returns the sizes of the volume that the filter slid over
std::vector<int64_t> expectInputFit(const at::Tensor& dy, const at::Tensor& filter, const Bias& bias,
                                    at::IntArrayRef strides, at::IntArrayRef padding,
                                    at::IntArrayRef size) {
  TORCH_CHECK(dy.dim() == 5 && filter.dim() == 5 && size.size() == 3, "a gradient ", dy.sizes(),
              " with a filter ", filter.sizes(), " for a volume ", size, ": there are not so many axes");
  const std::vector<int64_t> volume{dy.size(0), size[0], size[1], size[2], filter.size(3)};
  TORCH_CHECK(dy.sizes() == expectFit(volume, filter.sizes(), strides, padding), "a gradient ", dy.sizes(),
              " does not come of a filter ", filter.sizes(), " over ", at::IntArrayRef(volume));
  expectFit(bias, filter.size(3));
  return volume;
}

// @returns the sizes of the filter
std::vector<int64_t> expectFilterFit(const at::Tensor& x, const at::Tensor& dy, at::IntArrayRef strides,
                                     at::IntArrayRef padding, at::IntArrayRef taps) {
  TORCH_CHECK(x.dim() == 5 && dy.dim() == 5 && taps.size() == 3, "the gradient ", dy.sizes(),
              " of a filter ", taps, " over ", x.sizes(), ": there are not so many axes");
  const std::vector<int64_t> filter{taps[0], taps[1], taps[2], x.size(4), dy.size(4)};
  TORCH_CHECK(dy.sizes() == expectFit(x.sizes(), filter, strides, padding), "the gradient of a filter ",
              taps, " over ", x.sizes(), " does not come of ", dy.sizes());
  return filter;
}

// --- by ATen -------------------------------------------------------------------------------------

const int64_t kChannelsSecond[] = {0, 4, 1, 2, 3};
const int64_t kChannelsLast[] = {0, 2, 3, 4, 1};
const int64_t kOutFirst[] = {4, 3, 0, 1, 2};
const int64_t kOutLast[] = {2, 3, 4, 1, 0};
const int64_t kOnes[] = {1, 1, 1};

at::Tensor channelsSecond(const at::Tensor& volume, at::ScalarType type) {
  return volume.to(type).permute(kChannelsSecond);
}

at::Tensor composedConv3d(const at::Tensor& x, const at::Tensor& filter, const Bias& bias,
                          at::IntArrayRef strides, at::IntArrayRef padding, at::ScalarType type) {
  expectFit(x, filter, bias, strides, padding);
  const auto offset = bias ? Bias(bias->to(type)) : Bias();
  return libtorchConvolution(channelsSecond(x, type), filter.to(type).permute(kOutFirst), offset,
                             {strides, padding, kOnes, 1})
      .permute(kChannelsLast);
}

at::Tensor composedInputGradient(const at::Tensor& dy, const at::Tensor& filter, const Bias& bias,
                                 at::IntArrayRef strides, at::IntArrayRef padding,
                                 at::IntArrayRef size, at::ScalarType type) {
  const auto volume = expectInputFit(dy, filter, bias, strides, padding, size);
  const auto dx = libtorchInputGradient(
      channelsSecond(dy, type), filter.to(type).permute(kOutFirst),
      {volume[0], volume[4], volume[1], volume[2], volume[3]}, {strides, padding, kOnes, 1});
  const auto result = dx.permute(kChannelsLast);
  return bias ? result.add(bias->to(type)) : result;
}

at::Tensor composedFilterGradient(const at::Tensor& x, const at::Tensor& dy,
                                  at::IntArrayRef strides, at::IntArrayRef padding,
                                  at::IntArrayRef taps, at::ScalarType type) {
  const auto filter = expectFilterFit(x, dy, strides, padding, taps);
  const auto gradient = libtorchFilterGradient(
      channelsSecond(x, type), channelsSecond(dy, type),
      {filter[4], filter[3], filter[0], filter[1], filter[2]}, {strides, padding, kOnes, 1});
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

at::Tensor conv3d(const at::Tensor& x, const at::Tensor& filter, const Bias& bias,
                  at::IntArrayRef strides, at::IntArrayRef padding, at::ScalarType type) {
  if (!hasWideVectors()) return composedConv3d(x, filter, bias, strides, padding, type);
  const auto sizes = expectFit(x, filter, bias, strides, padding);
  std::vector<Phase> phases[3];
  for (int axis = 0; axis < 3; ++axis) {
    phases[axis] = forwardPhases(sizes[axis + 1], filter.size(axis), strides[axis], padding[axis]);
  }
  const auto y = at::empty(sizes, x.options().dtype(type));
  return slid(x, filterOf(filter, x.scalar_type(), false), bias, phases, y);
}

at::Tensor conv3dInputGradient(const at::Tensor& dy, const at::Tensor& filter, const Bias& bias,
                               at::IntArrayRef strides, at::IntArrayRef padding,
                               at::IntArrayRef size, at::ScalarType type) {
  if (!hasWideVectors()) {
    return composedInputGradient(dy, filter, bias, strides, padding, size, type);
  }
  const auto sizes = expectInputFit(dy, filter, bias, strides, padding, size);
  std::vector<Phase> phases[3];
  for (int axis = 0; axis < 3; ++axis) {
    phases[axis] = backwardPhases(size[axis], filter.size(axis), strides[axis], padding[axis]);
  }
  const auto dx = at::empty(sizes, dy.options().dtype(type));
  return slid(dy, filterOf(filter, dy.scalar_type(), true), bias, phases, dx);
}

at::Tensor conv3dFilterGradient(const at::Tensor& x, const at::Tensor& dy, at::IntArrayRef strides,
                                at::IntArrayRef padding, at::IntArrayRef taps,
                                at::ScalarType type) {
  if (!hasWideVectors()) return composedFilterGradient(x, dy, strides, padding, taps, type);
  const auto sizes = expectFilterFit(x, dy, strides, padding, taps);
  const auto input = x.contiguous(), gradient = dy.contiguous();
  const Volume from = volumeOf(input), to = volumeOf(gradient);
  const auto along = [&](int axis) {
    return forwardPhases(to.size[axis], taps[axis], strides[axis], padding[axis]).front();
  };
  const Phase phases[]{along(0), along(1), along(2)};
  const auto sums = at::empty(sizes, x.options().dtype(at::kFloat));
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
