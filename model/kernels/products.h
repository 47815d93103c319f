// model/kernels/products.h
// Products of a block of token rows with a packed matrix, each with what follows it. On one thread; the caller spreads
// blocks over threads. Vectorised for the processor it runs on.
// Promise: a row's result does not depend, to the bit, on the other rows, on their number, or on how they are cut into
// blocks. Letters: R rows, K depth, M columns; all padded as in packed_matrix.h, and padding stays zero.
#ifndef ASSAY_MODEL_KERNELS_PRODUCTS_H_
#define ASSAY_MODEL_KERNELS_PRODUCTS_H_

#include <cstddef>

#include "model/kernels/packed_matrix.h"

namespace assay {

// Columns of a panel on this processor, for PackMatrix().
size_t PanelColumns();

// [R, K] of the matrix's numbers (int8 as uint8_t, plus 128).
struct ProductRows {
  const void* data = nullptr;
  size_t stride = 0;  // Numbers from one row to the next.
  size_t count = 0;
  const float* scales = nullptr;  // kInt8: [R]
};

// out [R, panels x panel_columns] float32 = rows x the matrix's panels first_panel..end_panel-1.
void Multiply(const ProductRows& rows, const PackedMatrix& matrix, size_t first_panel,
              size_t end_panel, float* out, size_t out_stride);

// x [R, M] float32 += rows x matrix.
void MultiplyAdd(const ProductRows& rows, const PackedMatrix& matrix, float* x, size_t x_stride);

// out [R, M / 2] = silu(gate) x up, in `out_numbers` (float32 or bfloat16), computed in float32 and rounded once; the first
// half of each panel of the matrix is gate, the second up. Source: Shazeer 2020, "GLU Variants Improve Transformer",
// section 2 (SwiGLU).
void MultiplySwiGlu(const ProductRows& rows, const PackedMatrix& matrix, Numbers out_numbers,
                    void* out, size_t out_stride);

}  // namespace assay

#endif  // ASSAY_MODEL_KERNELS_PRODUCTS_H_
