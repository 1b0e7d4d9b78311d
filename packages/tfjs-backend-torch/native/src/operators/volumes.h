#pragma once

#include <ATen/core/Tensor.h>

#include "../convolution/sliding.h"

namespace fedvox {

// How a tensor's floats are stored.
inline Storage storageOf(const at::Tensor& values) {
  const auto type = values.scalar_type();
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "a volume holds floats, not ", type);
  return type == at::kFloat ? Storage::Float32 : Storage::BFloat16;
}

// The place of one value of a contiguous tensor.
inline void* valuesAt(const at::Tensor& values, int64_t index) {
  return static_cast<char*>(values.data_ptr()) + index * static_cast<int64_t>(values.element_size());
}

// A contiguous [batch, depth, height, width, channels] tensor, to the loops.
inline Volume volumeOf(const at::Tensor& values) {
  TORCH_CHECK(values.dim() == 5, "a volume has five axes, not ", values.sizes());
  const auto size = values.sizes();
  return {values.data_ptr(), storageOf(values), size[0], {size[1], size[2], size[3]}, size[4]};
}

// Whether this processor has the vectors that our own loops pay with; ATen has its own for all others.
inline bool hasWideVectors() { return kernels().vectorLength >= 8; }

}  // namespace fedvox
