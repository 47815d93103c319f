// model/load_model.h
// A checkpoint folder in Hugging Face layout -> everything that scoring needs: the text half, one Scorer a device, and
// what was loaded. The only room that names both halves of model/; its header knows no torch.
#ifndef ASSAY_MODEL_LOAD_MODEL_H_
#define ASSAY_MODEL_LOAD_MODEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/conversation_encoder.h"
#include "model/model_config.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay {

// Strings are spelled as flags spell them.
struct LoadOptions {
  std::string folder;                  // Holds config.json, tokenizer.json and *.safetensors.
  std::string name = "";               // ModelInfo::name; empty: the folder's own name.
  std::string chat_template = "auto";  // See TextOptions.
  std::vector<std::string> devices = {"auto"};  // See ResolveDevices().
  std::string dtype = "auto";     // "auto" (bfloat16), "bfloat16", "float32", "int8", "fp8".
  std::string heads = "precise";  // "precise", "reference"; see HeadPrecision.
  bool deterministic = false;     // See RewardModelOptions.
  bool share_prefixes = true;     // See RewardModelOptions.
  int workers = 0;                // Scorers on each device, >= 0; 0: see WithWorkers().
  // Tokens of the largest batch, for the memory plan; >= 0. 0: DefaultBatchTokens(), see memory_plan.h.
  int64_t batch_tokens = 0;
  // Told, before any weight is read, what will be kept on each device, in one line; may be empty. See device_plan.h.
  std::function<void(const std::string&)> on_plan = nullptr;
  int cpu_threads = 0;  // Of all forward passes on the CPU together, >= 0; 0: one for each core.
};

struct LoadedModel {
  ModelConfig config;
  std::unique_ptr<ConversationEncoder> encoder;
  // In the order of the devices. Those on one device share its weights.
  std::vector<std::unique_ptr<Scorer>> scorers;
  // As the scorers' info(), but `device` lists all, with commas between, and `score_error` is what precision.json says.
  ModelInfo info;
  // For a person: a precision.json that is not believed, by its name.
  std::vector<std::string> warnings;
};

// Reads every byte of the folder once, on all cores. Call it before anything else that uses torch.
//   INVALID_ARGUMENT     an option's value; named.
//   FAILED_PRECONDITION  a CUDA device is asked for and there is none, or one that cannot do what is asked for.
//   NOT_FOUND            the folder or a file of it; named.
//   DATA_LOSS            a file is damaged, or two files contradict each other; file and key or tensor are named.
//   UNIMPLEMENTED        a feature of the checkpoint that this build, or "fp8", does not know; named.
//   RESOURCE_EXHAUSTED   a device's memory is too small; told by the plan before any weight is read, where it can be.
//   INTERNAL             a device failed.
absl::StatusOr<LoadedModel> LoadModel(const LoadOptions& options);

// What LoadModel() would keep on each device of the options in every dtype, in lines; see PlanTable(). Needs config.json
// alone.
//   INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND, DATA_LOSS, UNIMPLEMENTED  as above.
absl::StatusOr<std::string> PlanModel(const LoadOptions& options);

}  // namespace assay

#endif  // ASSAY_MODEL_LOAD_MODEL_H_
