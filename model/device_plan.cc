#include "model/device_plan.h"

#include <map>
#include <optional>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "model/devices.h"

namespace assay {
namespace {

std::vector<MemoryRequest> RequestsOf(const std::vector<std::string>& devices,
                                      const DevicePlanOptions& options) {
  std::map<std::string, int64_t> workers;
  for (const std::string& device : devices) ++workers[device];
  std::vector<MemoryRequest> requests;
  for (const auto& [device, count] : workers) {
    const int64_t tokens = options.batch_tokens;
    requests.push_back({.dtype = options.dtype == "auto" ? "bfloat16" : options.dtype,
                        .heads = options.heads,
                        .device = device,
                        .batch_tokens = tokens > 0 ? tokens : DefaultBatchTokens(device),
                        .workers = count,
                        .stored_value_bytes = options.stored_value_bytes});
  }
  return requests;
}

}  // namespace

absl::Status CheckDevices(const std::vector<std::string>& devices, const ModelConfig& config,
                          const DevicePlanOptions& options,
                          const std::function<void(const std::string&)>& on_plan) {
  for (const MemoryRequest& request : RequestsOf(devices, options)) {
    ASSAY_ASSIGN_OR_RETURN(const MemoryPlan plan, PlanMemory(config, request));
    if (on_plan) on_plan(DescribePlan(plan));
    const absl::StatusOr<int64_t> available = DeviceMemory(request.device);
    if (available.ok()) ASSAY_RETURN_IF_ERROR(CheckMemory(plan, *available));
  }
  return absl::OkStatus();
}

std::string DevicePlanTable(const std::vector<std::string>& devices, const ModelConfig& config,
                            const DevicePlanOptions& options) {
  std::string table;
  for (const MemoryRequest& request : RequestsOf(devices, options)) {
    const absl::StatusOr<int64_t> available = DeviceMemory(request.device);
    table += PlanTable(config, request,
                       available.ok() ? std::optional<int64_t>(*available) : std::nullopt);
  }
  return table;
}

}  // namespace assay
