#include "model/cpu_weights.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/kernels/products.h"
#include "model/stored_numbers.h"

namespace assay {
namespace {

using Rows = std::vector<StoredRow>;

// Where the tensors of one layer are.
struct LayerTensors {
  const StoredTensor* input_norm;
  const StoredTensor* query;
  const StoredTensor* key;
  const StoredTensor* value;
  const StoredTensor* attention_output;
  const StoredTensor* post_attention_norm;
  const StoredTensor* gate;
  const StoredTensor* up;
  const StoredTensor* down;

  std::array<const StoredTensor*, 9> all() const {
    return {input_norm, query, key, value, attention_output, post_attention_norm, gate, up, down};
  }
};

LayerTensors TakeLayer(TensorBook& book, const ModelConfig& config, int64_t index) {
  const int64_t hidden = config.hidden_size;
  const int64_t query_rows = config.num_heads * config.head_dim;
  const int64_t key_rows = config.num_kv_heads * config.head_dim;
  const int64_t inner = config.intermediate_size;
  const auto take = [&](absl::string_view part, const std::vector<int64_t>& shape) {
    return book.Take(absl::StrCat(config.trunk_prefix, "layers.", index, ".", part, ".weight"),
                     shape);
  };
  return {.input_norm = take("input_layernorm", {hidden}),
          .query = take("self_attn.q_proj", {query_rows, hidden}),
          .key = take("self_attn.k_proj", {key_rows, hidden}),
          .value = take("self_attn.v_proj", {key_rows, hidden}),
          .attention_output = take("self_attn.o_proj", {hidden, query_rows}),
          .post_attention_norm = take("post_attention_layernorm", {hidden}),
          .gate = take("mlp.gate_proj", {inner, hidden}),
          .up = take("mlp.up_proj", {inner, hidden}),
          .down = take("mlp.down_proj", {hidden, inner})};
}

std::vector<float> NormOf(const StoredTensor& stored) {
  const size_t size = static_cast<size_t>(stored.shape[0]);
  std::vector<float> norm(PaddedDepth(size), 0.0f);
  ToFloat32(stored.dtype, stored.bytes.data(), size, norm.data());
  return norm;
}

StoredRow RowOf(const StoredTensor& matrix, int64_t row) {
  if (row >= matrix.shape[0]) return {};
  const size_t bytes = static_cast<size_t>(matrix.shape[1]) * DtypeBytes(matrix.dtype);
  return {matrix.bytes.data() + row * bytes, matrix.dtype};
}

void AppendRows(const StoredTensor& matrix, Rows& rows) {
  for (int64_t row = 0; row < matrix.shape[0]; ++row) rows.push_back(RowOf(matrix, row));
}

Rows QueryKeyValueRows(const LayerTensors& tensors) {
  Rows rows;
  AppendRows(*tensors.query, rows);
  while (rows.size() % PanelColumns() != 0) rows.push_back({});
  AppendRows(*tensors.key, rows);
  AppendRows(*tensors.value, rows);
  return rows;
}

Rows GateUpRows(const LayerTensors& tensors) {
  Rows rows;
  const int64_t half = static_cast<int64_t>(PanelColumns() / 2);
  for (int64_t begin = 0; begin < tensors.gate->shape[0]; begin += half) {
    for (const StoredTensor* matrix : {tensors.gate, tensors.up}) {
      for (int64_t row = begin; row < begin + half; ++row) rows.push_back(RowOf(*matrix, row));
    }
  }
  return rows;
}

PackedMatrix Pack(Numbers numbers, const StoredTensor& shape_of, const Rows& rows) {
  return PackMatrix(numbers, PanelColumns(), static_cast<size_t>(shape_of.shape[1]), rows);
}

Rows RowsOf(const StoredTensor& matrix) {
  Rows rows;
  AppendRows(matrix, rows);
  return rows;
}

}  // namespace

absl::StatusOr<CpuTrunkWeights> LoadCpuTrunk(const CheckpointTensors& tensors,
                                             const ModelConfig& config, Numbers numbers,
                                             TensorBook& book, CpuTeam& team) {
  const StoredTensor* const embedding =
      book.Take(absl::StrCat(config.trunk_prefix, "embed_tokens.weight"),
                {config.vocab_size, config.hidden_size});
  std::vector<LayerTensors> layers;
  for (int64_t i = 0; i < config.num_layers; ++i) {
    layers.push_back(TakeLayer(book, config, i));
  }
  const StoredTensor* const final_norm =
      book.Take(absl::StrCat(config.trunk_prefix, "norm.weight"), {config.hidden_size});
  ASSAY_RETURN_IF_ERROR(book.Finish());

  CpuTrunkWeights trunk;
  trunk.embedding = *embedding;
  trunk.final_norm = NormOf(*final_norm);
  trunk.layers.resize(layers.size());
  CpuTeam::Computation computation(&team);
  computation.ForEach(static_cast<int64_t>(layers.size()), [&](int64_t i) {
    const LayerTensors& from = layers[i];
    CpuLayer& to = trunk.layers[i];
    for (const StoredTensor* tensor : from.all()) tensors.Hash(*tensor);
    to.input_norm = NormOf(*from.input_norm);
    to.query_key_value = Pack(numbers, *from.query, QueryKeyValueRows(from));
    to.attention_output = Pack(numbers, *from.attention_output, RowsOf(*from.attention_output));
    to.post_attention_norm = NormOf(*from.post_attention_norm);
    to.gate_up = Pack(numbers, *from.gate, GateUpRows(from));
    to.down = Pack(numbers, *from.down, RowsOf(*from.down));
    for (const StoredTensor* tensor : from.all()) tensors.ReleasePages(*tensor);
  });
  return trunk;
}

}  // namespace assay
