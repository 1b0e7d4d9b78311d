#pragma once

#include <ATen/core/Tensor.h>

namespace fedvox {

// ATen's convolution and its two gradients over [batch, channels, spatial…] images, with filters
// [out, in / groups, spatial…]. Every call of ATen's convolution passes here, and round what libtorch
// does wrong; see libtorch-convolution.cc.

struct Slide {
  at::IntArrayRef strides, padding, dilation;
  int64_t groups;
};

at::Tensor libtorchConvolution(const at::Tensor& image, const at::Tensor& filter,
                               const c10::optional<at::Tensor>& bias, const Slide& slide);

// @param imageSizes of the image that was convolved
at::Tensor libtorchInputGradient(const at::Tensor& gradient, const at::Tensor& filter,
                                 at::IntArrayRef imageSizes, const Slide& slide);

// @param filterSizes of the filter that slid over it
at::Tensor libtorchFilterGradient(const at::Tensor& image, const at::Tensor& gradient,
                                  at::IntArrayRef filterSizes, const Slide& slide);

}  // namespace fedvox
