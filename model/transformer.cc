#include "model/transformer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "model/float8.h"
#include "model/pass_plan.h"
#include "model/varlen_attention.h"

namespace assay {
namespace {

// The numbers on the device. From pinned memory the copy runs by itself; torch keeps that memory until it has ended.
at::Tensor UploadNumbers(const std::vector<int32_t>& numbers, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kInt).pinned_memory(device.is_cuda());
  const at::Tensor host = at::empty({static_cast<int64_t>(numbers.size())}, options);
  std::copy(numbers.begin(), numbers.end(), host.mutable_data_ptr<int32_t>());
  return host.to(device, /*non_blocking=*/true);
}

}  // namespace

struct Transformer::Pass {
  at::Tensor numbers;    // The plan's, int32; the next three are parts of them.
  at::Tensor ids;        // [N]
  at::Tensor positions;  // [N]
  at::Tensor rows;       // [S]
  std::vector<AttentionRun> runs;
  AttentionPlan composed;  // Used, and made, only where VarlenAttentionTakes() says no.
};

Transformer::Transformer(const ModelConfig& config, const TrunkWeights& weights, int64_t row_tile)
    : config_(config),
      weights_(weights),
      row_tile_(row_tile),
      product_dtype_(weights.layers.front().qkv.values.scalar_type()),
      dtype_(product_dtype_ == kFloat8 ? at::kBFloat16 : product_dtype_),
      device_(weights.embedding.device()),
      rotary_(MakeRotaryTable(config, device_)) {}

Transformer::Pass Transformer::Upload(const PackedBatch& batch,
                                      const std::vector<int64_t>& rows) const {
  PassPlan plan = PlanPass(batch, rows);
  const at::Tensor numbers = UploadNumbers(plan.numbers, device_);
  const auto part = [&](PlanPart p) { return numbers.narrow(0, p.begin, p.size); };
  Pass pass = {.numbers = numbers,
               .ids = part(plan.ids),
               .positions = part(plan.positions),
               .rows = part(plan.rows),
               .runs = std::move(plan.runs),
               .composed = {}};
  if (!VarlenAttentionTakes(device_, dtype_, config_.head_dim)) {
    pass.composed = PlanAttention(batch.segments, dtype_, device_);
  }
  return pass;
}

at::Tensor Transformer::Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const {
  const Pass pass = Upload(batch, rows);
  const double eps = config_.rms_norm_eps;
  const HeadCounts heads = {config_.num_heads, config_.num_kv_heads, config_.head_dim};
  at::Tensor x = weights_.embedding.index_select(0, pass.ids).to(at::kFloat);
  at::Tensor delta;  // The last product, not yet added to x: the next norm does it in passing.
  for (const LayerWeights& layer : weights_.layers) {
    const ScaledRows normed = AddRmsNorm(x, delta, layer.input_norm, eps, product_dtype_);
    at::Tensor qkv = Product(normed, layer.qkv, row_tile_);
    at::Tensor attended = Attend(RotateHeads(qkv, rotary_, pass.positions, heads), pass);
    if (&layer == &weights_.layers.back()) {
      x = x.index_select(0, pass.rows);
      attended = attended.index_select(0, pass.rows);
    }
    delta = Product(RowsAs(attended, product_dtype_), layer.attention_output, row_tile_);
    const ScaledRows inner_in =
        AddRmsNorm(x, delta, layer.post_attention_norm, eps, product_dtype_);
    const at::Tensor gate_up = Product(inner_in, layer.gate_up, row_tile_);
    delta = Product(SwiGluOf(gate_up, product_dtype_), layer.down, row_tile_);
  }
  return AddRmsNorm(x, delta, weights_.final_norm, eps, at::kFloat).values;
}

at::Tensor Transformer::Attend(const RotatedHeads& heads, const Pass& pass) const {
  if (VarlenAttentionTakes(device_, dtype_, config_.head_dim)) {
    return VarlenAttention(heads.q, heads.k, heads.v, pass.runs, pass.numbers);
  }
  return SegmentAttention(heads.q, heads.k, heads.v, pass.composed);
}

}  // namespace assay
