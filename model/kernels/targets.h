// model/kernels/targets.h
// The instruction sets that the kernels are compiled for, chosen between at run time.
// On x86: AVX-512 with VNNI ("DL") with or without bfloat16 products, AVX2, and SSE2 or whatever the compiler was told;
// elsewhere Highway's own choice. Which of Highway's sets are compiled is said in CMakeLists.txt.
#ifndef ASSAY_MODEL_KERNELS_TARGETS_H_
#define ASSAY_MODEL_KERNELS_TARGETS_H_

namespace assay {

// Whether this processor multiplies pairs of bfloat16 itself (AVX512_BF16). Cheap.
bool HasBFloat16Products();

// Whether the kernels that this machine runs multiply bytes four at a time into int32 (AVX512_VNNI). Asks the processor:
// not for every row.
bool HasInt8Products();

}  // namespace assay

#endif  // ASSAY_MODEL_KERNELS_TARGETS_H_
