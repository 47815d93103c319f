#include "model/merged_matrices.h"

#include <ATen/ATen.h>

namespace assay {
namespace {

ScaledRows Room(int64_t rows, int64_t columns, at::ScalarType dtype, at::Device device) {
  const auto empty = [&](int64_t width, at::ScalarType type) {
    return at::empty({rows, width}, at::TensorOptions().dtype(type).device(device));
  };
  return {.values = empty(columns, dtype),
          .scales = dtype == kFloat8 ? empty(1, at::kFloat) : at::Tensor()};
}

}  // namespace

MergedMatrices::MergedMatrices(int64_t rows, int64_t columns, at::ScalarType dtype,
                               at::Device device)
    : matrices_(Room(rows, columns, dtype, device)) {}

void MergedMatrices::Append(const at::Tensor& matrix) {
  if (!matrix.defined() || matrix.is_meta()) return;
  const int64_t rows = matrix.size(0);
  const at::Tensor values = matrices_.values.narrow(0, next_row_, rows);
  if (matrices_.scales.defined()) {
    const ScaledRows quantized = QuantizeRows(matrix);
    values.copy_(quantized.values);
    matrices_.scales.narrow(0, next_row_, rows).copy_(quantized.scales);
  } else {
    values.copy_(matrix);
  }
  next_row_ += rows;
}

}  // namespace assay
