// server/main.cc
// assay-server. The only file that names both halves: the server, and what loads a model into it.
#include <spdlog/spdlog.h>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "model/devices.h"
#include "model/load_model.h"
#include "model/self_test.h"
#include "server/model_folder.h"
#include "server/serve.h"

namespace assay {
namespace {

void SayWhatArmormMiniIs(const std::string& folder) {
  if (std::filesystem::path(folder).filename() != "armorm-mini") return;
  spdlog::warn(
      "armorm-mini is a small demonstration model, not a judge to rely on: it prefers the chosen "
      "reply in 67 % of held-out helpful-base pairs. Load another with --model DIR");
}

void LogPlan(const std::string& plan) { spdlog::info("memory: {}", plan); }

// `load` is how the model was loaded.
absl::Status TestGoldenScores(const ModelConfig& config, LoadOptions load) {
  ASSAY_ASSIGN_OR_RETURN(load.folder,
                         FindModelFolder(std::string(GoldenFormOf(config)), GoldenPlaces()));
  load.chat_template = "auto";
  load.on_plan = nullptr;
  ASSAY_RETURN_IF_ERROR(RunSelfTest(load));
  spdlog::info("self-test: golden scores are right");
  return absl::OkStatus();
}

// Null where no device is a GPU. A GPU that does not tell is left out.
std::function<std::vector<DeviceMemoryReading>()> GpuMemoryOf(const std::string& devices) {
  std::set<std::string> gpus;
  for (const absl::string_view device : absl::StrSplit(devices, ',')) {
    if (device != "cpu") gpus.insert(std::string(device));
  }
  if (gpus.empty()) return nullptr;
  return [gpus = std::move(gpus)] {
    std::vector<DeviceMemoryReading> readings;
    for (const std::string& gpu : gpus) {
      if (const auto free = DeviceMemory(gpu); free.ok()) readings.push_back({gpu, *free});
    }
    return readings;
  };
}

absl::StatusOr<ServedModel> Load(const ModelOptions& options, const ServerOptions& server) {
  ASSAY_ASSIGN_OR_RETURN(std::string folder, FindModelFolder(options.model, ModelPlaces()));
  spdlog::info("loading {}", folder);
  SayWhatArmormMiniIs(folder);
  LoadOptions load = {.folder = std::move(folder),
                      .name = options.name,
                      .chat_template = options.chat_template,
                      .devices = absl::StrSplit(options.device, ','),
                      .dtype = options.dtype,
                      .heads = options.heads,
                      .deterministic = options.deterministic,
                      .workers = static_cast<int>(options.workers),
                      .batch_tokens = server.max_batch_tokens,
                      .on_plan = LogPlan,
                      .cpu_threads = static_cast<int>(options.cpu_threads)};
  ASSAY_ASSIGN_OR_RETURN(LoadedModel loaded, LoadModel(load));
  std::function<std::vector<DeviceMemoryReading>()> device_memory = GpuMemoryOf(loaded.info.device);
  for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);
  if (server.self_test) ASSAY_RETURN_IF_ERROR(TestGoldenScores(loaded.config, std::move(load)));
  return ServedModel{.info = std::move(loaded.info),
                     .encoder = std::move(loaded.encoder),
                     .scorers = std::move(loaded.scorers),
                     .device_memory = std::move(device_memory)};
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) { return assay::ServeUntilStopped(argc, argv, assay::Load); }
