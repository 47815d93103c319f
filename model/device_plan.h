// model/device_plan.h
// The memory plan (memory_plan.h) put to the devices of this machine: each is asked once what it has left, for all
// workers on it together. A device that does not tell its memory is tried. This header knows no torch.
#ifndef ASSAY_MODEL_DEVICE_PLAN_H_
#define ASSAY_MODEL_DEVICE_PLAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/memory_plan.h"
#include "model/model_config.h"

namespace assay {

struct DevicePlanOptions {
  std::string dtype;  // "auto" is bfloat16, as in LoadOptions.
  std::string heads = "precise";
  int64_t batch_tokens = 0;        // >= 0; 0: each device's DefaultBatchTokens().
  int64_t stored_value_bytes = 2;  // See MemoryRequest.
};

// OK where the model fits every one of `devices` (as ResolveDevices() returns them). Tells `on_plan`, which may be empty,
// each plan in one line before it is judged.
//   RESOURCE_EXHAUSTED  a device has too little left; both numbers are named.
//   INVALID_ARGUMENT    the dtype is none of PlannedDtypes().
absl::Status CheckDevices(const std::vector<std::string>& devices, const ModelConfig& config,
                          const DevicePlanOptions& options,
                          const std::function<void(const std::string&)>& on_plan);

// PlanTable() of every device; `options.dtype` does not count.
std::string DevicePlanTable(const std::vector<std::string>& devices, const ModelConfig& config,
                            const DevicePlanOptions& options);

}  // namespace assay

#endif  // ASSAY_MODEL_DEVICE_PLAN_H_
