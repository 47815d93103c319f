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
                           const std::vector<AttentionRun>& runs, const at::Tensor& numbers) {
  const auto part = [&](PlanPart p) { return numbers.narrow(0, p.begin, p.size); };
  std::vector<at::Tensor> attended;
  for (const AttentionRun& run : runs) {
    const auto keys_of = [&](const at::Tensor& x) {
      return run.key_rows.size > 0 ? GatherRows(x, part(run.key_rows)) : x;
    };
    const auto results = at::_flash_attention_forward(
        q.narrow(0, run.rows.begin, run.rows.size()), keys_of(k), keys_of(v),
        part(run.query_bounds), part(run.key_bounds), std::max<int64_t>(run.longest_query, 2),
        std::max<int64_t>(run.longest_keys, 2), /*dropout_p=*/0.0, /*is_causal=*/true,
        /*return_debug_mask=*/false);
    attended.push_back(std::get<0>(results).flatten(1));
  }
  return attended.size() == 1 ? attended.front() : at::cat(attended);
}

}  // namespace assay
