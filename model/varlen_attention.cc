#include "model/varlen_attention.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/fused_ops.h"

namespace assay {

bool VarlenAttentionTakes(at::Device device, at::ScalarType dtype, int64_t head_dimension) {
  return device.is_cuda() && dtype == at::kBFloat16 && head_dimension % 8 == 0 &&
         head_dimension <= 256;
}

at::Tensor VarlenAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const VarlenSegments& segments) {
  const auto keys_of = [&](const at::Tensor& x) {
    return segments.key_rows.defined() ? GatherRows(x, segments.key_rows) : x;
  };
  const auto results = at::_flash_attention_forward(
      q, keys_of(k), keys_of(v), segments.query_bounds, segments.key_bounds,
      std::max<int64_t>(segments.longest_query, 2), std::max<int64_t>(segments.longest_keys, 2),
      /*dropout_p=*/0.0, /*is_causal=*/true, /*return_debug_mask=*/false);
  return std::get<0>(results).flatten(1);
}

}  // namespace assay
