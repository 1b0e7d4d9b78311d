#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace fedvox {

// Calls `body(item)` for each of so many items, which threads take one by one as they come free: a core
// that is held up by other work then does fewer.
template <typename Body>
void eachAsTaken(int64_t items, Body body) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(items, at::get_num_threads()), 1, [&](int64_t, int64_t) {
    for (int64_t item = next++; item < items; item = next++) body(item);
  });
}

}  // namespace fedvox
