#include "model/reward_model.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/device_stream.h"
#include "model/float8.h"
#include "model/heads.h"
#include "model/packed_batch.h"
#include "model/transformer.h"
#include "model/weights.h"

namespace assay {
namespace {

// Rows of one matrix product on CUDA in deterministic mode: enough that an 8B model's products fill a large device (tiles
// of 128 x 256 on 132 multiprocessors: 256 rows would leave two thirds of them idle in the narrow products), few enough
// that a single short conversation does not pay for too many rows of zeros. Computed, not measured; tests/bench/gpu
// prints the rates of several.
constexpr int64_t kDeterministicRowTile = 1024;

// Status of the exception that is being handled.
absl::Status StatusOfTorchException() {
  try {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    return absl::ResourceExhaustedError("the device is out of memory");
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the machine is out of memory");
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    if (absl::StrContains(what,
                          "DefaultCPUAllocator")) {  // Its failures have no type of their own.
      return absl::ResourceExhaustedError("the machine is out of memory");
    }
    return absl::InternalError(absl::StrCat("torch: ", what.substr(0, what.find('\n'))));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("torch: ", error.what()));
  }
}

at::ScalarType TrunkDtypeOf(ComputeDtype dtype) {
  switch (dtype) {
    case ComputeDtype::kFloat32:
      return at::kFloat;
    case ComputeDtype::kFp8:
      return kFloat8;
    case ComputeDtype::kAuto:
    case ComputeDtype::kBFloat16:
      break;
  }
  return at::kBFloat16;
}

std::string DtypeName(at::ScalarType dtype) {
  if (dtype == kFloat8) return "fp8";
  return dtype == at::kFloat ? "float32" : "bfloat16";
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
  Loaded(const ModelConfig& model_config, Weights loaded_weights, const RewardModelOptions& opts)
      : config(model_config),
        weights(std::move(loaded_weights)),
        row_tile(opts.deterministic && weights.trunk.embedding.is_cuda() ? kDeterministicRowTile
                                                                         : 0),
        share_prefixes(opts.share_prefixes && row_tile == 0),
        trunk(config, weights.trunk, row_tile) {}

  // Scores of all responses; throws what torch throws.
  std::vector<absl::StatusOr<RewardScore>> Run(absl::Span<const PromptGroup> groups) const {
    const PackedBatch batch = PackGroups(groups, share_prefixes);
    const int64_t responses = static_cast<int64_t>(batch.reward_rows.size());
    std::vector<int64_t> rows = batch.reward_rows;
    rows.insert(rows.end(), batch.gate_rows.begin(), batch.gate_rows.end());
    const at::Tensor hidden = trunk.Forward(batch, rows);
    const at::Tensor at_reward = hidden.narrow(0, 0, responses);
    if (const auto* scalar = std::get_if<ScalarHeadWeights>(&weights.head)) {
      return CheckedScores(ScalarHead(*scalar, at_reward, row_tile));
    }
    return CheckedScores(GatedHead(std::get<GatedHeadWeights>(weights.head),
                                   config.gating_temperature, at_reward,
                                   hidden.narrow(0, responses, responses), row_tile));
  }

  const ModelConfig config;
  const Weights weights;
  const int64_t row_tile;
  const bool share_prefixes;
  const Transformer trunk;  // Borrows weights.trunk.
};

RewardModel::RewardModel(std::shared_ptr<const Loaded> loaded, ModelInfo info)
    : loaded_(std::move(loaded)),
      stream_(std::make_unique<DeviceStream>(loaded_->weights.trunk.embedding.device())),
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
    const at::ScalarType dtype = TrunkDtypeOf(options.dtype);
    const bool precise = options.heads == HeadPrecision::kPrecise;
    ASSAY_ASSIGN_OR_RETURN(
        Weights weights,
        LoadWeights(std::move(tensors), config,
                    {.device = *device,
                     .trunk_dtype = dtype,
                     .head_dtype = precise || dtype == at::kFloat ? at::kFloat : at::kBFloat16}));
    info.dtype = DtypeName(dtype);
    info.heads = precise ? "precise" : "reference";
    info.device = options.device;
    return absl::WrapUnique(new RewardModel(
        std::make_shared<const Loaded>(config, std::move(weights), options), std::move(info)));
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
