#pragma once

// at::parallel_for for ThreadSanitizer, which cannot see how OpenMP's threads wait for one another and would
// call every loop a race: the same pieces of work, each on a thread of the standard library. Included before
// everything else in that one build (sanitize.mjs).

#define parallel_for openmp_parallel_for
#include <ATen/Parallel.h>
#undef parallel_for

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace at {

template <class Body>
void parallel_for(const int64_t begin, const int64_t end, const int64_t grain, const Body& body) {
  if (begin >= end) return;
  const int64_t items = end - begin;
  const int64_t most = std::max<int64_t>(1, items / std::max<int64_t>(1, grain));
  const int64_t pieces = in_parallel_region() ? 1 : std::min<int64_t>(get_num_threads(), most);
  if (pieces == 1) return body(begin, end);
  const int64_t length = (items + pieces - 1) / pieces;
  std::mutex mutex;
  std::exception_ptr thrown;
  std::vector<std::thread> threads;
  for (int64_t piece = 0; piece * length < items; ++piece) {
    threads.emplace_back([&, piece] {
      const internal::ThreadIdGuard guard(static_cast<int>(piece));
      const int64_t from = begin + piece * length;
      try {
        body(from, std::min(end, from + length));
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        thrown = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace at
