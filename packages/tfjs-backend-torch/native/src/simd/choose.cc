#include <cstdlib>
#include <cstring>

#include "kernels.h"

namespace fedvox {
namespace {

struct Choice {
  const Kernels& kernels;
  bool isSupported;
};

const Kernels& best() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const bool hasBfloat16 = hasAvx512 && __builtin_cpu_supports("avx512bf16");
  const Choice choices[]{{kAvx512Bf16Kernels, hasBfloat16},
                         {kAvx512Kernels, hasAvx512},
                         {kAvx2Kernels, hasAvx2},
                         {kBaselineKernels, true}};
#else
  const Choice choices[]{{kBaselineKernels, true}};
#endif
  const char* const asked = std::getenv("FEDVOX_TORCH_INSTRUCTION_SET");
  for (const auto& [kernels, isSupported] : choices) {
    if (isSupported && (asked == nullptr || std::strcmp(asked, kernels.name) == 0)) return kernels;
  }
  return kBaselineKernels;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = best();
  return chosen;
}

}  // namespace fedvox
