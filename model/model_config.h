// model/model_config.h
// config.json of a checkpoint folder, read into plain numbers and checked. Everything the rest of model/ needs to know
// about a model is data in here, decided once; no other room looks at an architecture's name.
#ifndef ASSAY_MODEL_MODEL_CONFIG_H_
#define ASSAY_MODEL_MODEL_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/types.h"

namespace assay {

// How the rewards are read from the trunk's last hidden states.
enum class HeadKind {
  kGated,  // ArmoRM: regression head, reward transform, gate. Tensors regression_layer.*, reward_transform_matrix, gating.*
  kScalar,  // One linear layer to one number; its tensor is ModelConfig::scalar_head.
};

// Llama 3.1's frequency scaling. Source: transformers, modeling_rope_utils.py, _compute_llama3_parameters.
struct Llama3RopeScaling {
  double factor;           // > 0
  double low_freq_factor;  // > 0, < high_freq_factor
  double high_freq_factor;
  int64_t original_max_position_embeddings;  // > 0
};

struct ModelConfig {
  std::string architecture;             // As in the file: architectures[0].
  std::string trunk_prefix = "model.";  // Of the trunk's tensors; checkpoint_form.h decides.

  int64_t hidden_size;
  int64_t num_layers;
  int64_t num_heads;
  int64_t num_kv_heads;  // Divides num_heads.
  int64_t head_dim;      // Even. head_dim's own key, else hidden_size / num_heads.
  int64_t intermediate_size;
  int64_t vocab_size;
  int64_t max_positions;  // Longest conversation, in tokens.
  double rms_norm_eps;
  double rope_theta;
  std::optional<Llama3RopeScaling> rope_scaling;

  HeadKind head_kind;
  // Scalar head only.
  std::string scalar_head = "score.weight";  // checkpoint_form.h decides.
  int64_t num_labels = 1;  // As sequence classification counts them: 2 where the file says nothing.
  // Gated head only.
  int64_t num_objectives = 0;
  int64_t gating_hidden_dim = 0;
  int64_t gating_n_hidden = 0;  // Hidden layers; the gate has one more linear layer than this.
  double gating_temperature = 0;
  TokenIds gate_pattern;  // Not empty. gating_token_pattern's own key, else ArmoRM's five ids.
  std::vector<std::string> objectives;  // num_objectives names.
};

// Reads the text of a config.json. What only the tensors tell is left at its default.
// The keys of older and newer transformers are both read: rope_theta with rope_scaling, or rope_parameters; head_dim or
// hidden_size / num_attention_heads; num_key_value_heads or num_attention_heads. A gate without gating_token_pattern has
// ArmoRM's, <|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n. Objectives are named by objective_names, else
// 19 of them by ArmoRM's list, else by their numbers.
//   DATA_LOSS      not JSON, or a key is missing, of the wrong type, out of range, or contradicts another; named.
//   UNIMPLEMENTED  an architecture, activation, rope type, bias or other feature that this build does not know; named.
absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view json);

}  // namespace assay

#endif  // ASSAY_MODEL_MODEL_CONFIG_H_
