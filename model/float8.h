// model/float8.h
// Products of 8-bit floats: each row of either side is stored as e4m3 numbers times a float32 scale of its own, so that
// an outlier costs its own row alone. Half the bytes of bfloat16 and twice the rate of its products, for a relative error
// of at most 2^-4 an element (3 bits of mantissa).
// On CUDA the product is the library's (compute capability 8.9 or newer). On other devices the same numbers are
// multiplied in float32: slow, and there so that its error and its callers can be tested without a GPU.
// Pure functions, in c10::InferenceMode; throw what torch throws.
#ifndef ASSAY_MODEL_FLOAT8_H_
#define ASSAY_MODEL_FLOAT8_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace assay {

inline constexpr at::ScalarType kFloat8 = at::kFloat8_e4m3fn;
// The largest e4m3 number. Source: Micikevicius et al. 2022, "FP8 Formats for Deep Learning", table 1.
inline constexpr float kFloat8Max = 448;
// Both sizes of a weight must be multiples of this: a rule of the CUDA library's.
inline constexpr int64_t kFloat8Multiple = 16;

// Rows that a product takes, [n, k]: as they are (bfloat16 or float32), or 8-bit floats with a scale for each row.
struct ScaledRows {
  at::Tensor values;  // [n, k]; row i stands for scales[i] x values[i].
  at::Tensor scales;  // [n, 1] float32 > 0 where `values` are kFloat8; else undefined.
};

// Row by row: scale = largest magnitude / kFloat8Max (1 where that is 0), values = x / scale rounded to nearest even.
// x [n, k] bfloat16 or float32. An infinite or NaN element makes its whole row NaN, so that it is found in the score.
ScaledRows QuantizeRows(const at::Tensor& x);

// The numbers that `rows` stand for, float32.
at::Tensor Dequantize(const ScaledRows& rows);

// x times transpose(weight) [n, out]: in the dtype of `x.values` and `weight.values`, or bfloat16 where these are kFloat8
// (sums in float32; on Hopper in the tensor cores' own shorter accumulators between partial sums). Requires both or
// neither to be kFloat8, their sizes multiples of kFloat8Multiple. row_tile: see Linear() in ops.h.
at::Tensor Product(const ScaledRows& x, const ScaledRows& weight, int64_t row_tile);

}  // namespace assay

#endif  // ASSAY_MODEL_FLOAT8_H_
