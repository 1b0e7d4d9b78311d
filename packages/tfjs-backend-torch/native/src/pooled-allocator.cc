#include "pooled-allocator.h"

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace fedvox {
namespace {

// Of a cache line; also room for the block's size, which stands in front of the data.
constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = 2 << 20;

// Under AddressSanitizer every tensor has a block of just its size and for itself: what reads or writes past
// its end, or later, is seen.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsPool = false;
#else
constexpr bool kIsPool = true;
#endif

// Rounded up by at most an eighth, so that nearly equal sizes share blocks.
size_t blockSize(size_t bytes) {
  if (!kIsPool) return bytes;
  size_t step = kAlignment;
  while (step * 16 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

size_t& sizeOf(void* data) {
  return *reinterpret_cast<size_t*>(static_cast<char*>(data) - kAlignment);
}

// Passes over volumes touch more small pages than a processor remembers the places of.
void preferHugePages(void* block, size_t bytes) {
#ifdef MADV_HUGEPAGE
  const auto begin = (reinterpret_cast<uintptr_t>(block) + kHugePage - 1) / kHugePage * kHugePage;
  const auto end = (reinterpret_cast<uintptr_t>(block) + bytes) / kHugePage * kHugePage;
  // Only a wish: where it is not granted the block is as good as any.
  if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

void* fromSystem(size_t bytes) {
  void* block = nullptr;
  if (posix_memalign(&block, kAlignment, bytes + kAlignment) != 0) return nullptr;
  preferHugePages(block, bytes + kAlignment);
  void* data = static_cast<char*>(block) + kAlignment;
  sizeOf(data) = bytes;
  return data;
}

void toSystem(void* data) { std::free(static_cast<char*>(data) - kAlignment); }

}  // namespace

PooledAllocator& PooledAllocator::install() {
  static PooledAllocator* const allocator = [] {
    auto* const created = new PooledAllocator;
    c10::SetCPUAllocator(created, /*priority=*/1);
    return created;
  }();
  return *allocator;
}

c10::DataPtr PooledAllocator::take(size_t bytes) {
  if (bytes == 0) return {nullptr, nullptr, &giveBack, c10::Device(c10::DeviceType::CPU)};
  const size_t size = blockSize(bytes);
  const std::lock_guard<std::mutex> lock(mutex_);
  void* data = reuse(size);
  if (data == nullptr) data = obtain(size);
  TORCH_CHECK(data != nullptr, "can't allocate memory: ", bytes, " bytes beside ", inUse_,
              " in use");
  inUse_ += sizeOf(data);
  peak_ = std::max(peak_, inUse_);
  peakEver_ = std::max(peakEver_, inUse_);
  return {data, data, &giveBack, c10::Device(c10::DeviceType::CPU)};
}

// The smallest idle block that is large enough, unless more than a quarter of it would be wasted.
void* PooledAllocator::reuse(size_t size) {
  const auto blocks = idle_.lower_bound(size);
  if (blocks == idle_.end() || blocks->first > size + size / 4) return nullptr;
  void* data = blocks->second.back();
  blocks->second.pop_back();
  idleBytes_ -= blocks->first;
  if (blocks->second.empty()) idle_.erase(blocks);
  return data;
}

void* PooledAllocator::obtain(size_t size) {
  const size_t peak = std::max(peakEver_, inUse_ + size);
  const size_t limit = peak + peak / 8 + kAlwaysKept;
  trimTo(limit - inUse_ - size);
  void* data = fromSystem(size);
  if (data != nullptr) return data;
  trimTo(0);
  return fromSystem(size);
}

void PooledAllocator::giveBack(void* data) {
  if (data != nullptr) install().release(data);
}

void PooledAllocator::release(void* data) {
  const size_t size = sizeOf(data);
  const std::lock_guard<std::mutex> lock(mutex_);
  inUse_ -= size;
  if (!kIsPool) return toSystem(data);
  idle_[size].push_back(data);
  idleBytes_ += size;
}

void PooledAllocator::copy_data(void* destination, const void* source, std::size_t count) const {
  std::memcpy(destination, source, count);
}

size_t PooledAllocator::peakBytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return peak_;
}

void PooledAllocator::resetPeak() {
  const std::lock_guard<std::mutex> lock(mutex_);
  peak_ = inUse_;
}

// Largest first: they are the fewest, and the system takes them back whole.
void PooledAllocator::trimTo(size_t idleBytes) {
  while (idleBytes_ > idleBytes) {
    const auto largest = std::prev(idle_.end());
    toSystem(largest->second.back());
    largest->second.pop_back();
    idleBytes_ -= largest->first;
    if (largest->second.empty()) idle_.erase(largest);
  }
}

}  // namespace fedvox
