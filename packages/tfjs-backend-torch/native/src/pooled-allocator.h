#pragma once

#include <c10/core/Allocator.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace fedvox {

// A training step asks for the same sizes again and again. Given back to the system each time, large
// blocks cost a page fault for every 4 KiB at the next use, which is more than what most operators
// cost. So blocks are kept for the next tensor of the same size.
//
// Invariant: blocks in use and idle ones together never take more than nine eighths of what was ever in
// use at once, plus kAlwaysKept.
class PooledAllocator : public c10::Allocator {
 public:
  // The process's one, installed as libtorch's CPU allocator by the first call. It is never destroyed:
  // tensors of other environments may outlive any of them.
  static PooledAllocator& install();

  // libtorch 1.13 declares this const, 2.x does not: each version overrides the one it knows.
  c10::DataPtr allocate(size_t bytes) const { return self().take(bytes); }
  c10::DataPtr allocate(size_t bytes) { return take(bytes); }
  void copy_data(void* destination, const void* source, std::size_t count) const;
  c10::DeleterFnPtr raw_deleter() const override { return &giveBack; }

  // The most that was in use at once since the last reset.
  size_t peakBytes() const;
  void resetPeak();

 private:
  static constexpr size_t kAlwaysKept = size_t{32} << 20;

  PooledAllocator() = default;
  PooledAllocator& self() const { return const_cast<PooledAllocator&>(*this); }
  static void giveBack(void* data);

  c10::DataPtr take(size_t bytes);
  void* reuse(size_t size);
  void* obtain(size_t size);
  void release(void* data);
  void trimTo(size_t idleBytes);

  mutable std::mutex mutex_;
  // By size; no list is empty.
  std::map<size_t, std::vector<void*>> idle_;
  size_t idleBytes_ = 0;
  size_t inUse_ = 0;
  size_t peak_ = 0;
  size_t peakEver_ = 0;
};

}  // namespace fedvox
