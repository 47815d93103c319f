// model/stored_numbers.h
// The numbers of a checkpoint's tensors as float32, and float32 as bfloat16. Plain and portable: for loading, not for
// forward passes.
#ifndef ASSAY_MODEL_STORED_NUMBERS_H_
#define ASSAY_MODEL_STORED_NUMBERS_H_

#include <cstddef>
#include <cstdint>

#include "model/safetensors.h"

namespace assay {

// `count` numbers of `dtype` at `bytes`, at any address, exactly: each of the types is a part of float32.
void ToFloat32(TensorDtype dtype, const char* bytes, size_t count, float* out);

// Its bits; rounded to nearest, ties to even; beyond the largest: infinite; NaN stays NaN.
uint16_t RoundToBFloat16(float value);

}  // namespace assay

#endif  // ASSAY_MODEL_STORED_NUMBERS_H_
