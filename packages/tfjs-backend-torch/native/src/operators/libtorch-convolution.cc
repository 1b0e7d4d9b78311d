// What libtorch 2.13 (oneDNN 3.12) does wrong on processors with AVX-512, found by comparing small
// convolutions with float64 (`npm run sweep`), and the way round it:
//
// - An image of one channel that lies channels last, so that its channel stride is 1: in float32 the output's
//   rows after the first stay unwritten where it takes one step along the last axis, under a stride. With one
//   channel the same memory is also an image that lies channels first, and as that it is right. Gradients
//   are right as they lie, and faster.
// - A filter that is larger than the image along an axis, that is padded by more than half of itself, or that
//   takes a single step under a stride: in bfloat16 values and gradients may be wrong or unwritten, which of
//   them depends on the processor (AMX, AVX-512 with and without bfloat16) and on how images lie; the
//   filter's gradient, in float32 too, may be summed beside its memory. There the image is padded here, as
//   far as the filter reaches, and a single step is taken without a stride.

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
  return at::empty(order, options).movedim(-1, 1);
}

// How a filter slides that stays within its image, and the zeros to put around the image for that (fewer
// than none where it does not reach), as `constant_pad_nd` takes them.
struct Within {
  std::vector<int64_t> zeros, strides, padding;
  at::IntArrayRef dilation;
  int64_t groups;

  Slide slide() const { return {strides, padding, dilation, groups}; }

  std::vector<int64_t> cut() const {
    std::vector<int64_t> back;
    for (const auto count : zeros) back.push_back(-count);
    return back;
  }

  std::vector<int64_t> sizes(at::IntArrayRef imageSizes) const {
    std::vector<int64_t> padded(imageSizes.begin(), imageSizes.end());
    for (size_t at = 0; at < zeros.size(); ++at) padded[padded.size() - 1 - at / 2] += zeros[at];
    return padded;
  }
};

// None where the filter slides as filters do, which libtorch gets right, and fast.
c10::optional<Within> within(at::IntArrayRef imageSizes, at::IntArrayRef filterSizes,
                             const Slide& slide) {
  bool isOdd = false;
  Within result{{}, {}, {}, slide.dilation, slide.groups};
  for (size_t axis = 0; axis < slide.strides.size(); ++axis) {
    const int64_t size = imageSizes[axis + 2], stride = slide.strides[axis], padding = slide.padding[axis];
    const int64_t window = (filterSizes[axis + 2] - 1) * slide.dilation[axis] + 1;
    const int64_t reach = size + 2 * padding - window;
    TORCH_CHECK(stride > 0 && padding >= 0 && slide.dilation[axis] > 0 && reach >= 0, "a filter ",
                filterSizes, " does not slide over an image ", imageSizes, " by strides ", slide.strides,
                ", padding ", slide.padding, " and dilation ", slide.dilation);
    const int64_t steps = reach / stride;
    isOdd = isOdd || window > size || 2 * padding > window || (steps == 0 && stride > 1);
    const int64_t behind = steps * stride + window - size - padding;
    result.zeros.insert(result.zeros.begin(), {padding, behind});  // The last axis comes first.
    result.strides.push_back(steps == 0 ? 1 : stride);
    result.padding.push_back(0);
  }
  return isOdd ? c10::optional<Within>(std::move(result)) : c10::nullopt;
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
  if (const auto inside = within(image.sizes(), filter.sizes(), slide)) {
    return libtorchConvolution(at::constant_pad_nd(image, inside->zeros, 0), filter, bias, inside->slide());
  }
  return at::convolution(ofChannels(image), filter, bias, slide.strides, slide.padding, slide.dilation,
                         false, noOutputPadding(slide), slide.groups);
}

at::Tensor libtorchInputGradient(const at::Tensor& gradient, const at::Tensor& filter,
                                 at::IntArrayRef imageSizes, const Slide& slide) {
  expectAxes(gradient, filter.sizes(), slide);
  TORCH_CHECK(imageSizes.size() == filter.sizes().size(), "an image ", imageSizes,
              " has not the axes of a filter ", filter.sizes());
  if (const auto inside = within(imageSizes, filter.sizes(), slide)) {
    const auto sizes = inside->sizes(imageSizes);
    return at::constant_pad_nd(libtorchInputGradient(gradient, filter, sizes, inside->slide()),
                               inside->cut(), 0);
  }
  return std::get<0>(at::convolution_backward(
      gradient, imageOf(imageSizes, gradient.options()), filter, c10::nullopt, slide.strides,
      slide.padding, slide.dilation, false, noOutputPadding(slide), slide.groups, {true, false, false}));
}

at::Tensor libtorchFilterGradient(const at::Tensor& image, const at::Tensor& gradient,
                                  at::IntArrayRef filterSizes, const Slide& slide) {
  expectAxes(image, filterSizes, slide);
  if (const auto inside = within(image.sizes(), filterSizes, slide)) {
    return libtorchFilterGradient(at::constant_pad_nd(image, inside->zeros, 0), gradient, filterSizes,
                                  inside->slide());
  }
  return std::get<1>(at::convolution_backward(
      gradient, image, at::empty(filterSizes, image.options()), c10::nullopt, slide.strides,
      slide.padding, slide.dilation, false, noOutputPadding(slide), slide.groups,
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
