#include "model/float8.h"

#include <ATen/ATen.h>

#include <vector>

#include "model/ops.h"

namespace assay {
namespace {

at::Tensor Float8Product(const ScaledRows& x, const ScaledRows& weight) {
  if (x.values.is_cuda()) {
    return at::_scaled_mm(x.values, weight.values.t(), x.scales, weight.scales.t(), /*bias=*/{},
                          /*scale_result=*/{}, at::kBFloat16, /*use_fast_accum=*/true);
  }
  return at::mm(Dequantize(x), Dequantize(weight).t()).to(at::kBFloat16);
}

}  // namespace

ScaledRows QuantizeRows(const at::Tensor& x) {
  const at::Tensor rows = x.to(at::kFloat);
  const at::Tensor fitting = rows.abs().amax(-1, /*keepdim=*/true).div_(kFloat8Max);
  const at::Tensor scales = at::where(fitting.eq(0), at::ones_like(fitting), fitting);
  return {.values = (rows / scales).to(kFloat8), .scales = scales};
}

at::Tensor Dequantize(const ScaledRows& rows) {
  const at::Tensor values = rows.values.to(at::kFloat);
  return rows.scales.defined() ? values * rows.scales : values;
}

at::Tensor Product(const ScaledRows& x, const ScaledRows& weight, int64_t row_tile) {
  if (weight.values.scalar_type() != kFloat8) return Linear(x.values, weight.values, row_tile);
  if (row_tile == 0) return Float8Product(x, weight);
  const int64_t rows = x.values.size(0);
  const int64_t missing = (rows + row_tile - 1) / row_tile * row_tile - rows;
  // As bytes, since not every device fills and copies 8-bit floats; a zero byte is 0.0.
  const at::Tensor values =
      at::constant_pad_nd(x.values.view(at::kByte), {0, 0, 0, missing}).view(kFloat8);
  const at::Tensor scales = at::constant_pad_nd(x.scales, {0, 0, 0, missing}, 1);
  std::vector<at::Tensor> tiles;
  for (int64_t begin = 0; begin < rows; begin += row_tile) {
    tiles.push_back(Float8Product(
        {values.narrow(0, begin, row_tile), scales.narrow(0, begin, row_tile)}, weight));
  }
  return at::cat(tiles).narrow(0, 0, rows);
}

}  // namespace assay
