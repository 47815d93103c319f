#include "model/model_config.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/json_fields.h"

namespace assay {
namespace {

// Upper limits far above any published model, low enough that products of two stay within int64_t.
constexpr int64_t kMaxWidth = int64_t{1} << 20;
constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxVocab = int64_t{1} << 24;
constexpr int64_t kMaxPositions = int64_t{1} << 24;

// <|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n in Llama 3's vocabulary.
const TokenIds& ArmoRmGatePattern() {
  static const TokenIds& pattern = *new TokenIds{128009, 128006, 78191, 128007, 271};
  return pattern;
}

// In the order of ArmoRM's regression layer. Source: RLHFlow/RLHF-Reward-Modeling, armo-rm.
constexpr std::array<absl::string_view, 19> kArmoRmObjectives = {
    "helpsteer-helpfulness",
    "helpsteer-correctness",
    "helpsteer-coherence",
    "helpsteer-complexity",
    "helpsteer-verbosity",
    "ultrafeedback-overall_score",
    "ultrafeedback-instruction_following",
    "ultrafeedback-truthfulness",
    "ultrafeedback-honesty",
    "ultrafeedback-helpfulness",
    "beavertails-is_safe",
    "prometheus-score",
    "argilla-overall_quality",
    "argilla-judge_lm",
    "code-complexity",
    "code-style",
    "code-explanation",
    "code-instruction-following",
    "code-readability",
};

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(what); }

absl::Status Unknown(absl::string_view what) { return absl::UnimplementedError(what); }

// Features of other Llama-like models that would change every score if they were overlooked.
absl::Status RefuseUnknownFeatures(const JsonFields& file) {
  for (const char* key : {"attention_bias", "mlp_bias"}) {
    ASSAY_ASSIGN_OR_RETURN(const bool on, file.BoolOr(key, false));
    if (on)
      return Unknown(absl::StrCat(key, " is true; projections with a bias are not supported"));
  }
  for (const char* key : {"quantization_config", "sliding_window"}) {
    if (file.Has(key)) return Unknown(absl::StrCat(key, " is not supported"));
  }
  if (file.Has("hidden_act")) {
    ASSAY_ASSIGN_OR_RETURN(const std::string activation, file.String("hidden_act"));
    if (activation != "silu") {
      return Unknown(absl::StrCat("hidden_act \"", activation, "\" is not supported, only silu"));
    }
  }
  ASSAY_ASSIGN_OR_RETURN(const double rotary, file.NumberOr("partial_rotary_factor", 1, 0, 1));
  if (rotary != 1) return Unknown("partial_rotary_factor other than 1 is not supported");
  ASSAY_ASSIGN_OR_RETURN(const int64_t slices, file.IntegerOr("pretraining_tp", 1, 1, kMaxWidth));
  if (slices != 1) return Unknown("pretraining_tp other than 1 is not supported");
  return absl::OkStatus();
}

absl::Status ReadArchitecture(const JsonFields& file, ModelConfig* config) {
  ASSAY_ASSIGN_OR_RETURN(const Json* names, file.Array("architectures"));
  if (names->size() != 1 || !(*names)[0].is_string()) {
    return Damaged("architectures must hold one name");
  }
  config->architecture = (*names)[0].get<std::string>();
  if (config->architecture == "LlamaForRewardModelWithGating") {
    config->head_kind = HeadKind::kGated;
    return absl::OkStatus();
  }
  if (config->architecture == "LlamaForSequenceClassification") {
    config->head_kind = HeadKind::kScalar;
    // Two labels where the file says nothing, as in transformers.
    int64_t labels = 2;
    if (const Json* map = file.Find("id2label"); map != nullptr) {
      if (!map->is_object()) return Damaged("id2label is no object");
      labels = static_cast<int64_t>(map->size());
    }
    ASSAY_ASSIGN_OR_RETURN(config->num_labels, file.IntegerOr("num_labels", labels, 1, kMaxWidth));
    if (file.Has("id2label") && config->num_labels != labels) {
      return Damaged(
          absl::StrCat("num_labels is ", config->num_labels, " but id2label has ", labels));
    }
    return absl::OkStatus();
  }
  return Unknown(absl::StrCat("architecture \"", config->architecture,
                              "\" is not supported; known are LlamaForRewardModelWithGating and "
                              "LlamaForSequenceClassification"));
}

absl::Status ReadTrunk(const JsonFields& file, ModelConfig* config) {
  if (file.Has("model_type")) {
    ASSAY_ASSIGN_OR_RETURN(const std::string type, file.String("model_type"));
    if (type != "llama") {
      return Unknown(absl::StrCat("model_type \"", type, "\" is not supported, only llama"));
    }
  }
  ASSAY_ASSIGN_OR_RETURN(config->hidden_size, file.Integer("hidden_size", 1, kMaxWidth));
  ASSAY_ASSIGN_OR_RETURN(config->num_layers, file.Integer("num_hidden_layers", 1, kMaxLayers));
  ASSAY_ASSIGN_OR_RETURN(config->num_heads, file.Integer("num_attention_heads", 1, kMaxWidth));
  ASSAY_ASSIGN_OR_RETURN(config->num_kv_heads,
                         file.IntegerOr("num_key_value_heads", config->num_heads, 1, kMaxWidth));
  if (config->num_heads % config->num_kv_heads != 0) {
    return Damaged(absl::StrCat("num_attention_heads ", config->num_heads,
                                " is no multiple of num_key_value_heads ", config->num_kv_heads));
  }
  if (!file.Has("head_dim") && config->hidden_size % config->num_heads != 0) {
    return Damaged(absl::StrCat("hidden_size ", config->hidden_size,
                                " is no multiple of num_attention_heads ", config->num_heads,
                                ", and there is no head_dim"));
  }
  ASSAY_ASSIGN_OR_RETURN(
      config->head_dim,
      file.IntegerOr("head_dim", config->hidden_size / config->num_heads, 1, kMaxWidth));
  if (config->head_dim % 2 != 0) {
    return Damaged(absl::StrCat("head_dim ", config->head_dim, " is odd"));
  }
  ASSAY_ASSIGN_OR_RETURN(config->intermediate_size,
                         file.Integer("intermediate_size", 1, kMaxWidth));
  ASSAY_ASSIGN_OR_RETURN(config->vocab_size, file.Integer("vocab_size", 1, kMaxVocab));
  ASSAY_ASSIGN_OR_RETURN(config->max_positions,
                         file.Integer("max_position_embeddings", 1, kMaxPositions));
  ASSAY_ASSIGN_OR_RETURN(config->rms_norm_eps, file.Number("rms_norm_eps", 1e-12, 1));
  return absl::OkStatus();
}

absl::Status ReadLlama3Scaling(const JsonFields& rope, ModelConfig* config) {
  Llama3RopeScaling scaling;
  ASSAY_ASSIGN_OR_RETURN(scaling.factor, rope.Number("factor", 1, 1e6));
  ASSAY_ASSIGN_OR_RETURN(scaling.low_freq_factor, rope.Number("low_freq_factor", 1e-6, 1e6));
  ASSAY_ASSIGN_OR_RETURN(scaling.high_freq_factor, rope.Number("high_freq_factor", 1e-6, 1e6));
  ASSAY_ASSIGN_OR_RETURN(scaling.original_max_position_embeddings,
                         rope.Integer("original_max_position_embeddings", 1, kMaxPositions));
  if (scaling.low_freq_factor >= scaling.high_freq_factor) {
    return Damaged(absl::StrCat(rope.PathOf("low_freq_factor"), " is not below ",
                                rope.PathOf("high_freq_factor")));
  }
  config->rope_scaling = scaling;
  return absl::OkStatus();
}

// The rotary embedding's base and scaling, from rope_parameters or from rope_theta and rope_scaling.
absl::Status ReadRope(const JsonFields& file, ModelConfig* config) {
  constexpr double kMinTheta = 1, kMaxTheta = 1e15;
  const char* key = file.Has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  std::optional<JsonFields> rope;
  if (file.Has(key)) {
    ASSAY_ASSIGN_OR_RETURN(rope, file.Object(key));
  }
  const bool nested = rope.has_value() && rope->Has("rope_theta");
  ASSAY_ASSIGN_OR_RETURN(config->rope_theta,
                         (nested ? *rope : file).Number("rope_theta", kMinTheta, kMaxTheta));
  if (nested && file.Has("rope_theta")) {
    ASSAY_ASSIGN_OR_RETURN(const double outer, file.Number("rope_theta", kMinTheta, kMaxTheta));
    if (outer != config->rope_theta) {
      return Damaged(absl::StrCat("rope_theta contradicts ", rope->PathOf("rope_theta")));
    }
  }
  if (!rope.has_value()) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const double rotary, rope->NumberOr("partial_rotary_factor", 1, 0, 1));
  if (rotary != 1) {
    return Unknown(
        absl::StrCat(rope->PathOf("partial_rotary_factor"), " other than 1 is not supported"));
  }
  const char* type_key = rope->Has("rope_type") ? "rope_type" : "type";
  std::string type = "default";
  if (rope->Has(type_key)) {
    ASSAY_ASSIGN_OR_RETURN(type, rope->String(type_key));
  } else if (!nested) {
    return Damaged(absl::StrCat(rope->PathOf("rope_type"), " is missing"));
  }
  if (type == "default") return absl::OkStatus();
  if (type == "llama3") return ReadLlama3Scaling(*rope, config);
  return Unknown(absl::StrCat(rope->PathOf(type_key), " \"", type,
                              "\" is not supported; known are default and llama3"));
}

absl::Status ReadGatePattern(const JsonFields& file, ModelConfig* config) {
  if (!file.Has("gating_token_pattern")) {
    config->gate_pattern = ArmoRmGatePattern();
    for (const TokenId id : config->gate_pattern) {
      if (id >= config->vocab_size) {
        return Damaged(
            absl::StrCat("gating_token_pattern is missing, and ArmoRM's own holds token ", id,
                         ", beyond vocab_size ", config->vocab_size));
      }
    }
    return absl::OkStatus();
  }
  ASSAY_ASSIGN_OR_RETURN(const Json* ids, file.Array("gating_token_pattern"));
  if (ids->empty()) return Damaged("gating_token_pattern is empty");
  for (size_t i = 0; i < ids->size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const int64_t id,
                           ToInteger((*ids)[i], absl::StrCat("gating_token_pattern[", i, "]"), 0,
                                     config->vocab_size - 1));
    config->gate_pattern.push_back(static_cast<TokenId>(id));
  }
  return absl::OkStatus();
}

absl::Status ReadObjectives(const JsonFields& file, ModelConfig* config) {
  if (file.Has("objective_names")) {
    ASSAY_ASSIGN_OR_RETURN(const Json* names, file.Array("objective_names"));
    if (names->size() != static_cast<size_t>(config->num_objectives)) {
      return Damaged(absl::StrCat("objective_names has ", names->size(), " names for ",
                                  config->num_objectives, " objectives"));
    }
    for (const Json& name : *names) {
      if (!name.is_string()) return Damaged("objective_names holds something that is no string");
      config->objectives.push_back(name.get<std::string>());
    }
  } else if (config->num_objectives == static_cast<int64_t>(kArmoRmObjectives.size())) {
    for (const absl::string_view name : kArmoRmObjectives) config->objectives.emplace_back(name);
  } else {
    for (int64_t i = 0; i < config->num_objectives; ++i) {
      config->objectives.push_back(absl::StrCat(i));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadGatedHead(const JsonFields& file, ModelConfig* config) {
  ASSAY_ASSIGN_OR_RETURN(config->num_objectives, file.Integer("num_objectives", 1, kMaxWidth));
  ASSAY_ASSIGN_OR_RETURN(config->gating_temperature,
                         file.NumberOr("gating_temperature", 10, 1e-6, 1e6));
  ASSAY_ASSIGN_OR_RETURN(config->gating_hidden_dim,
                         file.IntegerOr("gating_hidden_dim", 1024, 1, kMaxWidth));
  ASSAY_ASSIGN_OR_RETURN(config->gating_n_hidden,
                         file.IntegerOr("gating_n_hidden", 3, 0, kMaxLayers));
  ASSAY_RETURN_IF_ERROR(ReadGatePattern(file, config));
  return ReadObjectives(file, config);
}

absl::Status ReadConfig(const JsonFields& file, ModelConfig* config) {
  ASSAY_RETURN_IF_ERROR(ReadArchitecture(file, config));
  ASSAY_RETURN_IF_ERROR(RefuseUnknownFeatures(file));
  ASSAY_RETURN_IF_ERROR(ReadTrunk(file, config));
  ASSAY_RETURN_IF_ERROR(ReadRope(file, config));
  return config->head_kind == HeadKind::kGated ? ReadGatedHead(file, config) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view json) {
  ASSAY_ASSIGN_OR_RETURN(const Json document, ParseJson(json, "config.json"));
  if (!document.is_object()) return absl::DataLossError("config.json: not an object");
  ASSAY_ASSIGN_OR_RETURN(const JsonFields file, JsonFields::Of(document, ""));
  ModelConfig config{};
  if (const absl::Status status = ReadConfig(file, &config); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat("config.json: ", status.message()));
  }
  return config;
}

}  // namespace assay
