// What libtorch 2.13 (oneDNN 3.12) does wrong on processors with AVX-512, found by comparing small
// convolutions with float64 (`npm run sweep`), and the way round it:
//
// - Float32, an image of one channel that lies channels last, so that its channel stride is 1: the output's
//   rows after the first stay unwritten where it takes one step along the last axis, under a stride. With one
//   channel the same memory is also an image that lies channels first, and as that it is right.
// - Bfloat16, where the filter is larger than the image along an axis or takes a single step under a stride:
//   values and gradients may be wrong or unwritten, which of them depends on the processor (AMX, AVX-512 with
//   and without bfloat16) and on how images lie; the filter's gradient is also summed beside its memory.
//   Those are computed in float32, where all of them are right; images that matter are larger than filters.

#include "libtorch-convolution.h"

#include <ATen/Functions.h>
#include <torch/library.h>

namespace fedvox {
namespace {

const int64_t kNone[] = {0, 0, 0};

at::IntArrayRef noOutputPadding(const Slide& slide) { return {kNone, slide.strides.size()}; }

// An image of one channel with that channel's own stride, without a copy where it is dense.
at::Tensor ofChannels(const at::Tensor& image) {
  return image.size(1) == 1 ? image.select(1, 0).contiguous().unsqueeze(1) : image;
}

// An image of those sizes whose values nobody reads. It lies as ours do: ATen takes the layout of a
// gradient from the image's.
at::Tensor imageOf(at::IntArrayRef sizes, const at::TensorOptions& options) {
  std::vector<int64_t> order(sizes.begin(), sizes.end());
  order.push_back(order[1]);
  order.erase(order.begin() + 1);
  return ofChannels(at::empty(order, options).movedim(-1, 1));
}

// Whether it is of the kinds that libtorch gets wrong in bfloat16.
bool isOdd(at::ScalarType type, at::IntArrayRef imageSizes, at::IntArrayRef filterSizes,
           const Slide& slide) {
  if (type != at::kBFloat16) return false;
  for (size_t axis = 0; axis < slide.strides.size(); ++axis) {
    const int64_t window = (filterSizes[axis + 2] - 1) * slide.dilation[axis] + 1;
    const int64_t size = imageSizes[axis + 2];
    const int64_t reach = size + 2 * slide.padding[axis] - window;
    if (window > size || (slide.strides[axis] > 1 && reach < slide.strides[axis])) return true;
  }
  return false;
}

void expectAxes(const at::Tensor& image, at::IntArrayRef filterSizes, const Slide& slide) {
  const auto axes = static_cast<int64_t>(slide.strides.size());
  TORCH_CHECK(axes >= 1 && axes <= 3 && image.dim() == axes + 2 &&
                  static_cast<int64_t>(filterSizes.size()) == axes + 2 &&
                  static_cast<int64_t>(slide.padding.size()) == axes &&
                  static_cast<int64_t>(slide.dilation.size()) == axes,
              "a filter ", filterSizes, " does not slide over an image ", image.sizes(), " by strides ",
              slide.strides, ", padding ", slide.padding, " and dilation ", slide.dilation);
}

}  // namespace

at::Tensor libtorchConvolution(const at::Tensor& image, const at::Tensor& filter,
                               const c10::optional<at::Tensor>& bias, const Slide& slide) {
  expectAxes(image, filter.sizes(), slide);
  if (isOdd(image.scalar_type(), image.sizes(), filter.sizes(), slide)) {
    const auto offset = bias ? c10::optional<at::Tensor>(bias->to(at::kFloat)) : c10::nullopt;
    return libtorchConvolution(image.to(at::kFloat), filter.to(at::kFloat), offset, slide)
        .to(at::kBFloat16);
  }
  return at::convolution(ofChannels(image), filter, bias, slide.strides, slide.padding, slide.dilation,
                         false, noOutputPadding(slide), slide.groups);
}

at::Tensor libtorchInputGradient(const at::Tensor& gradient, const at::Tensor& filter,
                                 at::IntArrayRef imageSizes, const Slide& slide) {
  expectAxes(gradient, filter.sizes(), slide);
  TORCH_CHECK(imageSizes.size() == filter.sizes().size(), "an image ", imageSizes,
              " has not the axes of a filter ", filter.sizes());
  if (isOdd(gradient.scalar_type(), imageSizes, filter.sizes(), slide)) {
    return libtorchInputGradient(gradient.to(at::kFloat), filter.to(at::kFloat), imageSizes, slide)
        .to(at::kBFloat16);
  }
  return std::get<0>(at::convolution_backward(
      ofChannels(gradient), imageOf(imageSizes, gradient.options()), filter, c10::nullopt, slide.strides,
      slide.padding, slide.dilation, false, noOutputPadding(slide), slide.groups, {true, false, false}));
}

at::Tensor libtorchFilterGradient(const at::Tensor& image, const at::Tensor& gradient,
                                  at::IntArrayRef filterSizes, const Slide& slide) {
  expectAxes(image, filterSizes, slide);
  if (isOdd(image.scalar_type(), image.sizes(), filterSizes, slide)) {
    return libtorchFilterGradient(image.to(at::kFloat), gradient.to(at::kFloat), filterSizes, slide)
        .to(at::kBFloat16);
  }
  return std::get<1>(at::convolution_backward(
      ofChannels(gradient), ofChannels(image), at::empty(filterSizes, image.options()), c10::nullopt,
      slide.strides, slide.padding, slide.dilation, false, noOutputPadding(slide), slide.groups,
      {false, true, false}));
}

namespace {

at::Tensor convolution(const at::Tensor& image, const at::Tensor& filter, at::IntArrayRef strides,
                       at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
  return libtorchConvolution(image, filter, c10::nullopt, {strides, padding, dilation, groups});
}

at::Tensor inputGradient(const at::Tensor& gradient, const at::Tensor& filter, at::IntArrayRef sizes,
                         at::IntArrayRef strides, at::IntArrayRef padding, at::IntArrayRef dilation,
                         int64_t groups) {
  return libtorchInputGradient(gradient, filter, sizes, {strides, padding, dilation, groups});
}

at::Tensor filterGradient(const at::Tensor& image, const at::Tensor& gradient, at::IntArrayRef sizes,
                          at::IntArrayRef strides, at::IntArrayRef padding, at::IntArrayRef dilation,
                          int64_t groups) {
  return libtorchFilterGradient(image, gradient, sizes, {strides, padding, dilation, groups});
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  library.def(
      "convolution(Tensor image, Tensor filter, int[] strides, int[] padding, int[] dilation, "
      "int groups) -> Tensor");
  library.def(
      "convolution_input_gradient(Tensor gradient, Tensor filter, int[] sizes, int[] strides, "
      "int[] padding, int[] dilation, int groups) -> Tensor");
  library.def(
      "convolution_filter_gradient(Tensor image, Tensor gradient, int[] sizes, int[] strides, "
      "int[] padding, int[] dilation, int groups) -> Tensor");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("convolution", convolution);
  library.impl("convolution_input_gradient", inputGradient);
  library.impl("convolution_filter_gradient", filterGradient);
}

}  // namespace fedvox
