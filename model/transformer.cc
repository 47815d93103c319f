#include "model/transformer.h"

#include <ATen/ATen.h>

namespace assay {
namespace {

at::Tensor ToDevice(const std::vector<int64_t>& numbers, at::Device device) {
  return at::tensor(numbers, at::kLong).to(device);
}

}  // namespace

struct Transformer::Positions {
  at::Tensor cos;  // [N, D / 2]
  at::Tensor sin;  // [N, D / 2]
  AttentionPlan plan;
};

Transformer::Transformer(const ModelConfig& config, const TrunkWeights& weights, int64_t row_tile)
    : config_(config),
      weights_(weights),
      row_tile_(row_tile),
      dtype_(weights.layers.front().query.scalar_type()),
      device_(weights.embedding.device()),
      rotary_(MakeRotaryTable(config, device_)) {}

at::Tensor Transformer::Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const {
  const at::Tensor at_positions = ToDevice(batch.positions, device_);
  const Positions positions = {.cos = rotary_.cos.index_select(0, at_positions),
                               .sin = rotary_.sin.index_select(0, at_positions),
                               .plan = PlanAttention(batch.segments, dtype_, device_)};
  const at::Tensor wanted = ToDevice(rows, device_);
  at::Tensor x = weights_.embedding.index_select(0, ToDevice(batch.ids, device_)).to(at::kFloat);
  for (const LayerWeights& layer : weights_.layers) {
    at::Tensor attended = Attention(x, layer, positions);
    if (&layer == &weights_.layers.back()) {
      x = x.index_select(0, wanted);
      attended = attended.index_select(0, wanted);
    }
    x.add_(Linear(attended, layer.attention_output, row_tile_));
    AddFeedForward(layer, x);
  }
  return RmsNorm(x, weights_.final_norm, config_.rms_norm_eps, at::kFloat);
}

at::Tensor Transformer::Attention(const at::Tensor& x, const LayerWeights& layer,
                                  const Positions& positions) const {
  const at::Tensor normed = RmsNorm(x, layer.input_norm, config_.rms_norm_eps, dtype_);
  const auto heads_of = [&](const at::Tensor& weight) {
    return Linear(normed, weight, row_tile_).unflatten(1, {-1, config_.head_dim});
  };
  return SegmentAttention(Rotate(heads_of(layer.query), positions.cos, positions.sin),
                          Rotate(heads_of(layer.key), positions.cos, positions.sin),
                          heads_of(layer.value), positions.plan);
}

void Transformer::AddFeedForward(const LayerWeights& layer, at::Tensor& x) const {
  const at::Tensor normed = RmsNorm(x, layer.post_attention_norm, config_.rms_norm_eps, dtype_);
  const at::Tensor inner =
      SwiGlu(Linear(normed, layer.gate, row_tile_), Linear(normed, layer.up, row_tile_));
  x.add_(Linear(inner, layer.down, row_tile_));
}

}  // namespace assay
