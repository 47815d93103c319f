// model/memory_plan.h
// What a model will take of a device's memory, computed from its config before any weight is read: pure sums. Tells the
// size of what the engine keeps and of its largest intermediate results; torch's own few hundred MB, and what a
// conversation longer than a batch takes beyond it, are not in it. Knows no torch and asks no device.
// Letters as in ops.h. Bytes everywhere; in texts a GB is 10^9 and a MB 10^6.
#ifndef ASSAY_MODEL_MEMORY_PLAN_H_
#define ASSAY_MODEL_MEMORY_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/model_config.h"

namespace assay {

struct MemoryRequest {
  std::string dtype;  // Of the trunk's matrices; one of PlannedDtypes().
  std::string heads =
      "precise";  // "precise" (float32) or "reference" (the trunk's activations' dtype).
  std::string device = "cpu";  // "cpu" or "cuda:N".
  int64_t batch_tokens = 0;    // Of one forward pass; > 0. See DefaultBatchTokens().
  int64_t workers = 1;  // Forward passes at one time on the device, on the same weights; > 0.
  int64_t stored_value_bytes = 2;  // Of one value of the checkpoint's embedding: 2 or 4.
};

struct MemoryPlan {
  MemoryRequest request;
  int64_t trunk = 0;  // Matrices with their scales, and norms.
  int64_t embedding = 0;
  int64_t head = 0;
  int64_t rotary = 0;       // Tables of angles.
  int64_t activations = 0;  // Of all workers.
  // On a CPU an embedding that is used as stored stays in the file's mapped pages, which the system takes back when memory
  // is short: it is no part of needed().
  bool embedding_is_mapped = false;

  int64_t weights() const { return trunk + embedding + head; }
  int64_t needed() const {
    return weights() + rotary + activations - (embedding_is_mapped ? embedding : 0);
  }
};

// "bfloat16", "float32", "int8", "fp8".
const std::vector<std::string>& PlannedDtypes();

// Tokens of one forward pass where nobody said: 4,096 on a CPU, which fill it for seconds, else 16,384.
int64_t DefaultBatchTokens(absl::string_view device);

// Bytes of a matrix's value: bfloat16 2, float32 4, int8 and fp8 1 with a float32 scale for each row. Norms and rotary
// tables are float32. The residual stream is float32; other activations are 4 bytes in float32 and else 2, to which int8
// and fp8 add the quantised input of a product.
//   INVALID_ARGUMENT  the dtype is none of PlannedDtypes().
absl::StatusOr<MemoryPlan> PlanMemory(const ModelConfig& config, const MemoryRequest& request);

// "bfloat16 on cpu: weights 67.9 GB (918 MB of them stay in the file), activations of 4096 tokens for 1 worker 738 MB;
// needs 67.7 GB".
std::string DescribePlan(const MemoryPlan& plan);

// OK where the plan fits `available` bytes.
//   RESOURCE_EXHAUSTED  it does not; both numbers are named.
absl::Status CheckMemory(const MemoryPlan& plan, int64_t available);

// A line for each of PlannedDtypes(), `request`'s dtype aside, and whether it fits; `available` absent: not known.
std::string PlanTable(const ModelConfig& config, MemoryRequest request,
                      std::optional<int64_t> available);

}  // namespace assay

#endif  // ASSAY_MODEL_MEMORY_PLAN_H_
