#include "model/kernels/targets.h"

#include <hwy/targets.h>

namespace assay {

#if HWY_ARCH_X86

bool HasInt8Products() { return (hwy::SupportedTargets() & HWY_AVX3_DL) != 0; }

bool HasBFloat16Products() {
  static const bool has = __builtin_cpu_supports("avx512bf16");
  return has;
}

#else

bool HasInt8Products() { return false; }
bool HasBFloat16Products() { return false; }

#endif

}  // namespace assay
