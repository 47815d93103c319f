#include "model/reward_model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/device_stream.h"
#include "model/float8.h"
#include "model/heads.h"
#include "model/model_parts.h"
#include "model/packed_batch.h"
#include "model/revision.h"
#include "model/torch_status.h"
#include "model/weights.h"

namespace assay {
namespace {

absl::string_view NameOf(ComputeDtype dtype) {
  switch (dtype) {
    case ComputeDtype::kFloat32:
      return "float32";
    case ComputeDtype::kInt8:
      return "int8";
    case ComputeDtype::kFp8:
      return "fp8";
    case ComputeDtype::kAuto:
    case ComputeDtype::kBFloat16:
      break;
  }
  return "bfloat16";
}

bool AllInRange(const TokenIds& tokens, int64_t vocab_size) {
  for (TokenId id : tokens) {
    if (id < 0 || id >= vocab_size) return false;
  }
  return true;
}

// OK where the model can compute the conversation at all; `prefix_in_range` as AllInRange(group.prefix).
absl::Status CheckResponse(const PromptGroup& group, const EncodedResponse& response,
                           bool prefix_in_range, const ModelConfig& config) {
  if (response.tokens.empty()) return absl::InvalidArgumentError("the response has no tokens");
  if (!prefix_in_range || !AllInRange(response.tokens, config.vocab_size)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a token id outside 0..", config.vocab_size - 1));
  }
  const int64_t length = group.InputTokens(response);
  if (length > config.max_positions) {
    return absl::InvalidArgumentError(
        absl::StrCat(length, " tokens; the model takes at most ", config.max_positions));
  }
  const bool gated = config.head_kind == HeadKind::kGated;
  if (gated && (response.gate_at < 0 || response.gate_at >= length)) {
    return absl::InvalidArgumentError(
        absl::StrCat("gate position ", response.gate_at, " outside 0..", length - 1));
  }
  return absl::OkStatus();
}

// The responses that can be computed, and every response's check in order.
struct CheckedGroups {
  std::vector<PromptGroup> groups;
  std::vector<absl::Status> checks;
};

CheckedGroups CheckGroups(absl::Span<const PromptGroup> groups, const ModelConfig& config) {
  CheckedGroups checked;
  for (const PromptGroup& group : groups) {
    const bool prefix_in_range = AllInRange(group.prefix, config.vocab_size);
    PromptGroup good{.prefix = group.prefix, .responses = {}};
    for (const EncodedResponse& response : group.responses) {
      checked.checks.push_back(CheckResponse(group, response, prefix_in_range, config));
      if (!checked.checks.back().ok()) continue;
      good.responses.push_back(response);
      if (config.head_kind == HeadKind::kScalar) good.responses.back().gate_at = -1;
    }
    if (!good.responses.empty()) checked.groups.push_back(std::move(good));
  }
  return checked;
}

}  // namespace

struct RewardModel::Loaded {
  // Scores of all responses; throws what torch throws.
  std::vector<absl::StatusOr<RewardScore>> Run(absl::Span<const PromptGroup> groups) const {
    const PackedBatch batch = PackGroups(groups, share_prefixes);
    const int64_t responses = static_cast<int64_t>(batch.reward_rows.size());
    std::vector<int64_t> rows = batch.reward_rows;
    rows.insert(rows.end(), batch.gate_rows.begin(), batch.gate_rows.end());
    const at::Tensor hidden = parts.trunk->Forward(batch, rows);
    const at::Tensor at_reward = hidden.narrow(0, 0, responses);
    if (const auto* scalar = std::get_if<ScalarHeadWeights>(&parts.head)) {
      return CheckedScores(ScalarHead(*scalar, at_reward, parts.row_tile));
    }
    return CheckedScores(GatedHead(std::get<GatedHeadWeights>(parts.head),
                                   config.gating_temperature, at_reward,
                                   hidden.narrow(0, responses, responses), parts.row_tile));
  }

  ModelConfig config;
  std::shared_ptr<const CheckpointTensors> tensors;  // What weights used in place are views of.
  ModelParts parts;
  bool share_prefixes;
};

RewardModel::RewardModel(std::shared_ptr<const Loaded> loaded, ModelInfo info)
    : loaded_(std::move(loaded)),
      stream_(std::make_unique<DeviceStream>(at::Device(info.device))),
      info_(std::move(info)) {}

RewardModel::~RewardModel() = default;

absl::StatusOr<std::unique_ptr<RewardModel>> RewardModel::Create(
    const ModelConfig& config, std::shared_ptr<const CheckpointTensors> tensors,
    const RewardModelOptions& options, ModelInfo info) {
  std::optional<at::Device> device;
  try {
    device.emplace(options.device);
  } catch (const c10::Error&) {
    return absl::InvalidArgumentError(
        absl::StrCat("device \"", options.device, "\": no such name"));
  }
  try {
    const c10::InferenceMode inference_mode;
    ASSAY_ASSIGN_OR_RETURN(ModelParts parts, LoadModelParts(config, tensors, options));
    // In tiles, sharing would change bits; see varlen_attention.h.
    const bool share_prefixes = options.share_prefixes && parts.row_tile == 0;
    info.weights_hash = tensors->WeightsHash(options.cpu_threads);
    info.revision = ModelRevision({.weights = info.weights_hash,
                                   .config = info.config_hash,
                                   .tokenizer = info.tokenizer_hash,
                                   .chat_template = info.template_hash});
    info.dtype = std::string(NameOf(options.dtype));
    info.heads = options.heads == HeadPrecision::kPrecise ? "precise" : "reference";
    info.device = options.device;
    return absl::WrapUnique(
        new RewardModel(std::make_shared<const Loaded>(Loaded{.config = config,
                                                              .tensors = std::move(tensors),
                                                              .parts = std::move(parts),
                                                              .share_prefixes = share_prefixes}),
                        std::move(info)));
  } catch (...) {
    return StatusOfTorchException();
  }
}

std::unique_ptr<RewardModel> RewardModel::ShareWeights() const {
  return absl::WrapUnique(new RewardModel(loaded_, info_));
}

std::vector<absl::StatusOr<RewardScore>> RewardModel::ScoreBatch(
    absl::Span<const PromptGroup> groups) {
  const CheckedGroups checked = CheckGroups(groups, loaded_->config);
  std::vector<absl::StatusOr<RewardScore>> computed;
  absl::Status failure;
  try {
    const c10::InferenceMode inference_mode;
    const StreamScope on_stream(*stream_);
    at::init_num_threads();  // The thread count is set once for the process, but taken up by each thread.
    if (!checked.groups.empty()) computed = loaded_->Run(checked.groups);
  } catch (...) {
    failure = StatusOfTorchException();
  }

  std::vector<absl::StatusOr<RewardScore>> results;
  auto next = computed.begin();
  for (const absl::Status& check : checked.checks) {
    if (!check.ok()) {
      results.push_back(check);
    } else if (!failure.ok()) {
      results.push_back(failure);
    } else {
      results.push_back(*std::move(next++));
    }
  }
  return results;
}

}  // namespace assay
