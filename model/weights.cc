#include "model/weights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/device_stream.h"
#include "model/float8.h"
#include "model/merged_matrices.h"

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

// Hands out the book's tensors on the device. On the meta device tensors are shapes alone.
class Taker {
 public:
  Taker(TensorBook& book, at::Device device) : book_(book), device_(device) {}

  // The tensor on the device in `dtype`; an undefined one where it is missing or has another shape.
  at::Tensor Take(const std::string& name, const std::vector<int64_t>& shape,
                  at::ScalarType dtype) {
    const StoredTensor* stored = book_.Take(name, shape);
    return stored == nullptr ? at::Tensor() : OnDevice(*stored).to(dtype);
  }

  // The same, but in its stored dtype where that takes no more room than `widest`.
  at::Tensor TakeAtMost(const std::string& name, const std::vector<int64_t>& shape,
                        at::ScalarType widest) {
    const StoredTensor* stored = book_.Take(name, shape);
    if (stored == nullptr) return at::Tensor();
    const bool fits = DtypeBytes(stored->dtype) <= at::elementSize(widest);
    return OnDevice(*stored).to(fits ? ScalarTypeOf(stored->dtype) : widest);
  }

 private:
  at::Tensor OnDevice(const StoredTensor& stored) const {
    if (device_.is_meta()) return at::empty(stored.shape, at::TensorOptions().device(device_));
    return ViewOf(stored).to(device_);
  }

  TensorBook& book_;
  const at::Device device_;
};

absl::Status CheckFloat8Sizes(const ModelConfig& config) {
  for (const auto& [name, size] :
       {std::pair{"hidden_size", config.hidden_size},
        {"num_attention_heads x head_dim", config.num_heads * config.head_dim},
        {"num_key_value_heads x head_dim", config.num_kv_heads * config.head_dim},
        {"intermediate_size", config.intermediate_size}}) {
    if (size % kFloat8Multiple == 0) continue;
    return absl::UnimplementedError(
        absl::StrCat("fp8 with a ", name, " of ", size, ", no multiple of ", kFloat8Multiple));
  }
  return absl::OkStatus();
}

// One of a layer's matrices: its name's part and its rows.
struct MatrixPart {
  absl::string_view name;
  int64_t rows;
};

// Of one layer. `take(part, shape, dtype)` hands out its tensors.
template <typename Take>
LayerWeights TakeLayer(const Take& take, const ModelConfig& config, const WeightPlacement& place) {
  const int64_t hidden = config.hidden_size;
  const int64_t query_rows = config.num_heads * config.head_dim;
  const int64_t key_rows = config.num_kv_heads * config.head_dim;
  const int64_t inner = config.intermediate_size;
  const bool is_float8 = place.trunk_dtype == kFloat8;
  const auto norm = [&](absl::string_view part) {
    return take(part, std::vector<int64_t>{hidden}, at::kFloat);
  };
  const auto matrices = [&](std::vector<MatrixPart> parts, int64_t columns) -> ScaledRows {
    // What is quantised is taken in float32, which holds every stored number.
    const at::ScalarType dtype = is_float8 ? at::kFloat : place.trunk_dtype;
    const auto matrix = [&](MatrixPart part) {
      return take(part.name, std::vector<int64_t>{part.rows, columns}, dtype);
    };
    if (parts.size() == 1 && !is_float8) return {.values = matrix(parts.front()), .scales = {}};
    int64_t rows = 0;
    for (const MatrixPart& part : parts) rows += part.rows;
    MergedMatrices merged(rows, columns, place.trunk_dtype, place.device);
    for (const MatrixPart& part : parts) merged.Append(matrix(part));
    return merged.matrices();
  };
  return {.input_norm = norm("input_layernorm"),
          .qkv = matrices({{"self_attn.q_proj", query_rows},
                           {"self_attn.k_proj", key_rows},
                           {"self_attn.v_proj", key_rows}},
                          hidden),
          .attention_output = matrices({{"self_attn.o_proj", hidden}}, query_rows),
          .post_attention_norm = norm("post_attention_layernorm"),
          .gate_up = matrices({{"mlp.gate_proj", inner}, {"mlp.up_proj", inner}}, hidden),
          .down = matrices({{"mlp.down_proj", hidden}}, inner)};
}

TrunkWeights TakeTrunk(Taker& taker, const ModelConfig& config, const WeightPlacement& place) {
  const bool is_float8 = place.trunk_dtype == kFloat8;
  TrunkWeights trunk;
  trunk.embedding = taker.TakeAtMost(absl::StrCat(config.trunk_prefix, "embed_tokens.weight"),
                                     {config.vocab_size, config.hidden_size},
                                     is_float8 ? at::kBFloat16 : place.trunk_dtype);
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const auto take = [&](absl::string_view part, const std::vector<int64_t>& shape,
                          at::ScalarType as) {
      return taker.Take(absl::StrCat(config.trunk_prefix, "layers.", i, ".", part, ".weight"),
                        shape, as);
    };
    trunk.layers.push_back(TakeLayer(take, config, place));
  }
  trunk.final_norm = taker.Take(absl::StrCat(config.trunk_prefix, "norm.weight"),
                                {config.hidden_size}, at::kFloat);
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

Weights TakeAll(TensorBook& book, const ModelConfig& config, const WeightPlacement& place) {
  Taker taker(book, place.device);
  Weights weights;
  weights.trunk = TakeTrunk(taker, config, place);
  weights.head = LoadHead(config, place, book);
  return weights;
}

}  // namespace

absl::StatusOr<Weights> LoadWeights(std::shared_ptr<const CheckpointTensors> tensors,
                                    const ModelConfig& config, const WeightPlacement& placement) {
  if (placement.trunk_dtype == kFloat8) ASSAY_RETURN_IF_ERROR(CheckFloat8Sizes(config));
  // First without memory: a checkpoint that does not fit is refused before the device is asked for room.
  WeightPlacement nowhere = placement;
  nowhere.device = at::kMeta;
  TensorBook check(tensors->tensors());
  TakeAll(check, config, nowhere);
  ASSAY_RETURN_IF_ERROR(check.Finish());

  TensorBook book(tensors->tensors());
  Weights weights = TakeAll(book, config, placement);
  weights.storage = std::move(tensors);
  SynchronizeDevice(placement.device);  // Other streams may use the weights from here on.
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
