#include "model/weights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

at::ScalarType ScalarTypeOf(TensorDtype dtype) {
  switch (dtype) {
    case TensorDtype::kBFloat16:
      return at::kBFloat16;
    case TensorDtype::kFloat16:
      return at::kHalf;
    case TensorDtype::kFloat32:
      return at::kFloat;
  }
  return at::kFloat;
}

// The stored bytes as a CPU tensor: in place where the address allows it.
at::Tensor ViewOf(const StoredTensor& stored) {
  const at::TensorOptions options = at::TensorOptions().dtype(ScalarTypeOf(stored.dtype));
  // torch knows no read-only tensor. Nothing in the forward pass writes to a weight; the pages are mapped read-only.
  void* const address = const_cast<char*>(stored.bytes.data());
  if (reinterpret_cast<uintptr_t>(address) % DtypeBytes(stored.dtype) == 0) {
    return at::from_blob(address, stored.shape, options);
  }
  at::Tensor copy = at::empty(stored.shape, options);
  std::copy(stored.bytes.begin(), stored.bytes.end(), static_cast<char*>(copy.data_ptr()));
  return copy;
}

// Hands out the book's tensors on the device.
class Taker {
 public:
  Taker(TensorBook& book, at::Device device) : book_(book), device_(device) {}

  // The tensor in `dtype`; an undefined one where it is missing or has another shape.
  at::Tensor Take(const std::string& name, const std::vector<int64_t>& shape,
                  at::ScalarType dtype) {
    const StoredTensor* stored = book_.Take(name, shape);
    return stored == nullptr ? at::Tensor() : ViewOf(*stored).to(device_, dtype);
  }

  // The same, but in its stored dtype where that takes no more room than `widest`.
  at::Tensor TakeAtMost(const std::string& name, const std::vector<int64_t>& shape,
                        at::ScalarType widest) {
    const StoredTensor* stored = book_.Take(name, shape);
    if (stored == nullptr) return at::Tensor();
    const bool fits = DtypeBytes(stored->dtype) <= at::elementSize(widest);
    return ViewOf(*stored).to(device_, fits ? ScalarTypeOf(stored->dtype) : widest);
  }

 private:
  TensorBook& book_;
  const at::Device device_;
};

TrunkWeights TakeTrunk(Taker& taker, const ModelConfig& config, at::ScalarType dtype) {
  const int64_t hidden = config.hidden_size;
  const int64_t query_rows = config.num_heads * config.head_dim;
  const int64_t key_rows = config.num_kv_heads * config.head_dim;
  const int64_t inner = config.intermediate_size;

  TrunkWeights trunk;
  trunk.embedding = taker.TakeAtMost(absl::StrCat(config.trunk_prefix, "embed_tokens.weight"),
                                     {config.vocab_size, hidden}, dtype);
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const auto take = [&](absl::string_view part, const std::vector<int64_t>& shape,
                          at::ScalarType as) {
      return taker.Take(absl::StrCat(config.trunk_prefix, "layers.", i, ".", part, ".weight"),
                        shape, as);
    };
    LayerWeights layer;
    layer.input_norm = take("input_layernorm", {hidden}, at::kFloat);
    layer.query = take("self_attn.q_proj", {query_rows, hidden}, dtype);
    layer.key = take("self_attn.k_proj", {key_rows, hidden}, dtype);
    layer.value = take("self_attn.v_proj", {key_rows, hidden}, dtype);
    layer.attention_output = take("self_attn.o_proj", {hidden, query_rows}, dtype);
    layer.post_attention_norm = take("post_attention_layernorm", {hidden}, at::kFloat);
    layer.gate = take("mlp.gate_proj", {inner, hidden}, dtype);
    layer.up = take("mlp.up_proj", {inner, hidden}, dtype);
    layer.down = take("mlp.down_proj", {hidden, inner}, dtype);
    trunk.layers.push_back(std::move(layer));
  }
  trunk.final_norm =
      taker.Take(absl::StrCat(config.trunk_prefix, "norm.weight"), {hidden}, at::kFloat);
  return trunk;
}

GatedHeadWeights TakeGatedHead(Taker& taker, const ModelConfig& config, at::ScalarType dtype) {
  const int64_t objectives = config.num_objectives;
  GatedHeadWeights head;
  head.regression = taker.Take("regression_layer.weight", {objectives, config.hidden_size}, dtype);
  head.transform = taker.Take("reward_transform_matrix", {objectives, objectives}, dtype);
  int64_t in = config.hidden_size;
  for (int64_t i = 0; i <= config.gating_n_hidden; ++i) {
    const int64_t out = i < config.gating_n_hidden ? config.gating_hidden_dim : objectives;
    const std::string layer = absl::StrCat("gating.layers.", i);
    head.gate.push_back({taker.Take(absl::StrCat(layer, ".weight"), {out, in}, dtype),
                         taker.Take(absl::StrCat(layer, ".bias"), {out}, dtype)});
    in = out;
  }
  head.logit_scale = taker.Take("gating.logit_scale", {1}, dtype);
  return head;
}

}  // namespace

absl::StatusOr<Weights> LoadWeights(std::shared_ptr<const CheckpointTensors> tensors,
                                    const ModelConfig& config, const WeightPlacement& placement) {
  TensorBook book(tensors->tensors());
  Taker taker(book, placement.device);
  Weights weights;
  weights.trunk = TakeTrunk(taker, config, placement.trunk_dtype);
  weights.head = LoadHead(config, placement, book);
  if (absl::Status fit = book.Finish(); !fit.ok()) return fit;
  weights.storage = std::move(tensors);
  return weights;
}

HeadWeights LoadHead(const ModelConfig& config, const WeightPlacement& placement,
                     TensorBook& book) {
  Taker taker(book, placement.device);
  if (config.head_kind == HeadKind::kGated) {
    return TakeGatedHead(taker, config, placement.head_dtype);
  }
  return ScalarHeadWeights{
      taker.Take(config.scalar_head, {1, config.hidden_size}, placement.head_dtype)};
}

}  // namespace assay
