// model/kernels/targets.h
// What all kernels' files share of Highway: the instruction sets they are compiled for, chosen between at run time.
// On x86: AVX-512 with VNNI ("DL") with or without bfloat16 products, AVX2, and SSE2 or whatever the compiler was told;
// elsewhere Highway's own choice. Include it before anything else of Highway's.
#ifndef ASSAY_MODEL_KERNELS_TARGETS_H_
#define ASSAY_MODEL_KERNELS_TARGETS_H_

// Instruction sets that no machine of interest stops at: they would only cost time to compile.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3)
#endif
// Older versions leave it out unless asked.
#define HWY_WANT_AVX3_DL

#include <hwy/base.h>

namespace assay {

// Whether this processor multiplies pairs of bfloat16 itself (AVX512_BF16). Cheap.
bool HasBFloat16Products();

// Whether the kernels that this machine runs multiply bytes four at a time into int32 (AVX512_VNNI). Asks the processor:
// not for every row.
bool HasInt8Products();

}  // namespace assay

#endif  // ASSAY_MODEL_KERNELS_TARGETS_H_
