// model/kernels/packed_matrix.h
// A weight matrix in the order in which a product reads it: panels of as many columns of the product (rows of the stored
// matrix) as one tile computes, depth first. Made once at load; read-only afterwards, any number of threads may share it.
#ifndef ASSAY_MODEL_KERNELS_PACKED_MATRIX_H_
#define ASSAY_MODEL_KERNELS_PACKED_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/aligned_buffer.h"
#include "model/safetensors.h"

namespace assay {

// What a product's factors are made of. Sums are float32, of int8 exact.
enum class Numbers {
  kFloat32,
  kBFloat16,
  // Weights -127..127 with a scale for each row of the matrix (largest magnitude / 127), activations likewise with a
  // scale for each token, stored plus 128. Source: Dettmers et al. 2022, "LLM.int8()", section 2 (vector-wise).
  kInt8,
};

// Bytes of one number.
size_t BytesOf(Numbers numbers);

// Depths are filled up with zeros to a multiple of this, so that no kernel has a remainder.
inline constexpr size_t kDepthMultiple = 64;
inline size_t PaddedDepth(size_t depth) {
  return (depth + kDepthMultiple - 1) / kDepthMultiple * kDepthMultiple;
}

// One row of a stored matrix: `depth` numbers of `dtype`, at any address. Null: a row of zeros.
struct StoredRow {
  const char* bytes = nullptr;
  TensorDtype dtype = TensorDtype::kBFloat16;
};

struct PackedMatrix {
  Numbers numbers = Numbers::kBFloat16;
  size_t columns = 0;  // Of the product; a multiple of panel_columns.
  size_t panel_columns = 0;
  size_t depth = 0;  // Padded.
  // [columns / panel_columns][depth / d][panel_columns][d]; d: 1 float32, 2 bfloat16, 4 int8.
  AlignedBuffer<char> data;
  std::vector<float> scales;  // kInt8: [columns]
  std::vector<int32_t>
      byte_sums;  // kInt8: [columns] 128 x the sum of the column's bytes: what the offset adds.

  size_t panels() const { return columns / panel_columns; }
  const char* panel(size_t index) const {
    return data.data() + index * depth * panel_columns * BytesOf(numbers);
  }
};

// Packs `rows` in their order, one a column of the product; their number is filled up to whole panels with zeros.
// Numbers are rounded to nearest, ties to even. Throws std::bad_alloc.
PackedMatrix PackMatrix(Numbers numbers, size_t panel_columns, size_t depth,
                        absl::Span<const StoredRow> rows);

}  // namespace assay

#endif  // ASSAY_MODEL_KERNELS_PACKED_MATRIX_H_
