// model/kernels/row_kernels.h
// What happens to one token's row between two products. On one thread; vectorised for the processor it runs on. Pure; a
// row's result depends on that row alone.
// Letters: H hidden, A query heads, B key heads, D head dimension. Rows are padded with zeros as in packed_matrix.h.
#ifndef ASSAY_MODEL_KERNELS_ROW_KERNELS_H_
#define ASSAY_MODEL_KERNELS_ROW_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "model/kernels/packed_matrix.h"

namespace assay {

// out [width] = x / sqrt(mean(x^2) + eps) x weight, in `out_numbers` (float32 or bfloat16), computed in float32 and rounded
// once. x, weight [width] float32, zero from `hidden` on; width a multiple of kDepthMultiple; the mean is over `hidden`.
// Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", equation 4; eps as in transformers,
// LlamaRMSNorm.
void RmsNormRow(const float* x, const float* weight, size_t hidden, size_t width, float eps,
                Numbers out_numbers, void* out);

// out [width] uint8 = round(x / scale) + 128, scale = largest |x| / 127, or 0 for a row of zeros. x [width] in
// `x_numbers` (float32 or bfloat16). Returns the scale; it is NaN or infinite where a number of x is.
// Source: Dettmers et al. 2022, "LLM.int8()", section 2.
float QuantizeRow(const void* x, Numbers x_numbers, size_t width, uint8_t* out);

// Turns pairs (i, i + D/2) of each of `heads` heads by the row's angles and rounds once:
//   out[i] = x[i] cos[i] - x[i + D/2] sin[i],  out[i + D/2] = x[i + D/2] cos[i] + x[i] sin[i]
// x [heads x D] float32; cos, sin [D / 2] float32; out [heads x D] in `out_numbers`. Source: Su et al. 2021, "RoFormer",
// section 3.4.2; pairing as in transformers, apply_rotary_pos_emb.
void RotateRow(const float* x, const float* cos, const float* sin, size_t heads, size_t head_dim,
               Numbers out_numbers, void* out);

// out [count] in `out_numbers` = x [count] float32, rounded once.
void RoundRow(const float* x, size_t count, Numbers out_numbers, void* out);

}  // namespace assay

#endif  // ASSAY_MODEL_KERNELS_ROW_KERNELS_H_
