#include "model/load_model.h"

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "model/checkpoint_encoder.h"
#include "model/checkpoint_form.h"
#include "model/checkpoint_tensors.h"
#include "model/device_plan.h"
#include "model/devices.h"
#include "model/mapped_file.h"
#include "model/model_flops.h"
#include "model/precision_file.h"
#include "model/reward_model.h"
#include "model/sha256.h"

namespace assay {
namespace {

absl::StatusOr<ComputeDtype> ParseDtype(const std::string& text) {
  if (text == "auto") return ComputeDtype::kAuto;
  if (text == "bfloat16") return ComputeDtype::kBFloat16;
  if (text == "float32") return ComputeDtype::kFloat32;
  if (text == "int8") return ComputeDtype::kInt8;
  if (text == "fp8") return ComputeDtype::kFp8;
  return absl::InvalidArgumentError(
      absl::StrCat("dtype \"", text, "\": expected auto, bfloat16, float32, int8 or fp8"));
}

absl::StatusOr<HeadPrecision> ParseHeads(const std::string& text) {
  if (text == "precise") return HeadPrecision::kPrecise;
  if (text == "reference") return HeadPrecision::kReference;
  return absl::InvalidArgumentError(
      absl::StrCat("heads \"", text, "\": expected precise or reference"));
}

std::string NameOf(const LoadOptions& options) {
  if (!options.name.empty()) return options.name;
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(options.folder, error);
  return error ? options.folder : folder.filename().string();
}

struct ReadConfig {
  ModelConfig config;
  std::string hash;
};

absl::StatusOr<ReadConfig> ReadConfigFile(const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const auto file, MappedFile::Open(absl::StrCat(folder, "/config.json")));
  ASSAY_ASSIGN_OR_RETURN(ModelConfig config, ParseModelConfig(file->bytes()));
  return ReadConfig{std::move(config), Sha256Hex(file->bytes())};
}

// What the memory plan must know of the options and the stored tensors.
DevicePlanOptions PlanOptionsOf(const LoadOptions& options, const ModelConfig& config,
                                const CheckpointTensors& tensors) {
  DevicePlanOptions plan = {
      .dtype = options.dtype, .heads = options.heads, .batch_tokens = options.batch_tokens};
  const auto embedding =
      tensors.tensors().find(absl::StrCat(config.trunk_prefix, "embed_tokens.weight"));
  if (embedding != tensors.tensors().end()) {
    plan.stored_value_bytes = DtypeBytes(embedding->second.dtype);
  }
  return plan;
}

// One for each device; those on one device share its weights.
absl::StatusOr<std::vector<std::unique_ptr<Scorer>>> LoadScorers(
    const std::vector<std::string>& devices, const ModelConfig& config,
    std::shared_ptr<const CheckpointTensors> tensors, RewardModelOptions options,
    const ModelInfo& info) {
  std::vector<std::unique_ptr<Scorer>> scorers;
  std::map<std::string, const RewardModel*> first_on;
  for (const std::string& device : devices) {
    std::unique_ptr<RewardModel> model;
    if (const auto first = first_on.find(device); first != first_on.end()) {
      model = first->second->ShareWeights();
    } else {
      options.device = device;
      ASSAY_ASSIGN_OR_RETURN(model, RewardModel::Create(config, tensors, options, info));
      first_on[device] = model.get();
    }
    scorers.push_back(std::move(model));
  }
  return scorers;
}

// Of the devices together, each counted once however many workers it has; 0 where one is unknown.
double PeakFlopsOf(const std::vector<std::string>& devices, const std::string& dtype) {
  double sum = 0;
  for (const std::string& device : std::set<std::string>(devices.begin(), devices.end())) {
    const double flops = PublishedFlops(DeviceName(device), dtype);
    if (flops == 0) return 0;
    sum += flops;
  }
  return sum;
}

}  // namespace

absl::StatusOr<LoadedModel> LoadModel(const LoadOptions& options) {
  if (options.cpu_threads < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cpu_threads is ", options.cpu_threads, "; expected 0 or more"));
  }
  if (options.workers < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("workers is ", options.workers, "; expected 0 or more"));
  }
  if (options.batch_tokens < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch_tokens is ", options.batch_tokens, "; expected 0 or more"));
  }
  RewardModelOptions model_options;
  ASSAY_ASSIGN_OR_RETURN(model_options.dtype, ParseDtype(options.dtype));
  ASSAY_ASSIGN_OR_RETURN(model_options.heads, ParseHeads(options.heads));
  model_options.deterministic = options.deterministic;
  model_options.share_prefixes = options.share_prefixes;
  // The files first: a damaged folder is told before a slow device is woken.
  ASSAY_ASSIGN_OR_RETURN(ReadConfig read, ReadConfigFile(options.folder));
  ASSAY_ASSIGN_OR_RETURN(LoadedText text, LoadText(options.folder, read.config,
                                                   {.chat_template = options.chat_template}));
  ASSAY_ASSIGN_OR_RETURN(const auto tensors, CheckpointTensors::Open(options.folder));
  ASSAY_RETURN_IF_ERROR(AdoptCheckpointForm(tensors->tensors(), &read.config));
  model_options.cpu_threads = CpuThreads(options.cpu_threads);
  ASSAY_ASSIGN_OR_RETURN(std::vector<std::string> devices, ResolveDevices(options.devices));
  devices = WithWorkers(devices, options.workers, model_options.cpu_threads);
  if (model_options.dtype == ComputeDtype::kFp8) {
    for (const std::string& device : devices) ASSAY_RETURN_IF_ERROR(RequireFp8(device));
  }
  ASSAY_RETURN_IF_ERROR(CheckDevices(
      devices, read.config, PlanOptionsOf(options, read.config, *tensors), options.on_plan));
  UseOneTorchThread();

  ModelInfo info;
  info.name = NameOf(options);
  info.config_hash = read.hash;
  info.tokenizer_hash = text.tokenizer_hash;
  info.template_hash = text.template_hash;
  info.architecture = read.config.architecture;
  info.objectives = read.config.objectives;
  info.chat_template = text.template_name;
  info.max_tokens = read.config.max_positions;
  info.flops_per_token = TrunkFlopsPerToken(read.config);

  LoadedModel loaded;
  ASSAY_ASSIGN_OR_RETURN(loaded.scorers,
                         LoadScorers(devices, read.config, tensors, model_options, info));
  loaded.config = std::move(read.config);
  loaded.encoder = std::move(text.encoder);
  loaded.info = loaded.scorers.front()->info();
  loaded.info.device = absl::StrJoin(devices, ",");
  loaded.info.peak_flops = PeakFlopsOf(devices, loaded.info.dtype);
  // A model is not refused for what is said about it.
  if (auto error = FindScoreError(options.folder, loaded.info); error.ok()) {
    loaded.info.score_error = *std::move(error);
  } else {
    loaded.warnings.emplace_back(error.status().message());
  }
  return loaded;
}

absl::StatusOr<std::string> PlanModel(const LoadOptions& options) {
  ASSAY_RETURN_IF_ERROR(ParseHeads(options.heads).status());
  ASSAY_ASSIGN_OR_RETURN(const ReadConfig read, ReadConfigFile(options.folder));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> devices, ResolveDevices(options.devices));
  return DevicePlanTable(devices, read.config,
                         {.heads = options.heads, .batch_tokens = options.batch_tokens});
}

}  // namespace assay
