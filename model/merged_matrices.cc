#include "model/merged_matrices.h"

#include <ATen/ATen.h>

#include "model/float8.h"

namespace assay {

MergedMatrices::MergedMatrices(int64_t rows, int64_t columns, at::ScalarType dtype,
                               at::Device device)
    : values_(at::empty({rows, columns}, at::TensorOptions().dtype(dtype).device(device))),
      scales_(dtype == kFloat8
                  ? at::empty({rows, 1}, at::TensorOptions().dtype(at::kFloat).device(device))
                  : at::Tensor()) {}

at::Tensor MergedMatrices::Append(const at::Tensor& matrix) {
  if (!matrix.defined()) return matrix;
  const int64_t rows = matrix.size(0);
  const at::Tensor place = values_.narrow(0, next_row_, rows);
  if (values_.is_meta()) {
    // Shapes alone.
  } else if (scales_.defined()) {
    const ScaledRows quantized = QuantizeRows(matrix);
    place.copy_(quantized.values);
    scales_.narrow(0, next_row_, rows).copy_(quantized.scales);
  } else {
    place.copy_(matrix);
  }
  next_row_ += rows;
  return place;
}

}  // namespace assay
