#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace fedvox {

// A handle is an index plus one: zero is never a tensor.
using Handle = uint32_t;

// Owns every tensor that JavaScript can name. One table per JavaScript environment.
class HandleTable {
 public:
  Handle add(at::Tensor tensor) {
    ++live_;
    if (free_.empty()) {
      slots_.push_back(std::move(tensor));
      return static_cast<Handle>(slots_.size());
    }
    const Handle handle = free_.back();
    free_.pop_back();
    slots_[handle - 1] = std::move(tensor);
    return handle;
  }

  const at::Tensor& get(Handle handle) const {
    TORCH_CHECK(holds(handle), "tensor handle ", handle, " is not live");
    return slots_[handle - 1];
  }

  void release(Handle handle) {
    TORCH_CHECK(holds(handle), "tensor handle ", handle, " is not live");
    slots_[handle - 1].reset();
    free_.push_back(handle);
    --live_;
  }

  size_t live() const { return live_; }

  // Bytes of all storages held, each counted once however many views share it.
  size_t storageBytes() const {
    std::unordered_set<const void*> seen;
    size_t bytes = 0;
    for (const auto& tensor : slots_) {
      if (!tensor.defined() || !tensor.has_storage()) continue;
      const auto& storage = tensor.storage();
      if (seen.insert(storage.unsafeGetStorageImpl()).second) bytes += storage.nbytes();
    }
    return bytes;
  }

 private:
  bool holds(Handle handle) const {
    return handle != 0 && handle <= slots_.size() && slots_[handle - 1].defined();
  }

  std::vector<at::Tensor> slots_;
  std::vector<Handle> free_;
  size_t live_ = 0;
};

}  // namespace fedvox
