#include "model/memory_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr int64_t kFloatBytes = 4;
constexpr double kMostBytes = int64_t{1} << 60;
constexpr int64_t kCpuBatchTokens = 4096;
constexpr int64_t kGpuBatchTokens = 16384;

struct DtypeSizes {
  int64_t value;      // Of a matrix's value.
  int64_t row_scale;  // Of a matrix's row.
  int64_t activation;
  int64_t
      quantised;  // Of a value of a product's input that is kept beside the activation; 0: none is.
};

absl::StatusOr<DtypeSizes> SizesOf(const std::string& dtype) {
  if (dtype == "float32") return DtypeSizes{4, 0, 4, 0};
  if (dtype == "bfloat16") return DtypeSizes{2, 0, 2, 0};
  if (dtype == "int8" || dtype == "fp8") return DtypeSizes{1, kFloatBytes, 2, 1};
  return absl::InvalidArgumentError(
      absl::StrCat("dtype \"", dtype, "\": expected ", absl::StrJoin(PlannedDtypes(), ", ")));
}

bool IsCpu(absl::string_view device) { return device == "cpu"; }

// Sums are taken in double, exact up to 2^53, because a hostile config overflows whole numbers. Sums of a few of the
// results do not overflow either.
int64_t ToBytes(double bytes) { return static_cast<int64_t>(std::min(bytes, kMostBytes)); }

double TrunkBytes(const ModelConfig& config, const DtypeSizes& sizes) {
  const double hidden = config.hidden_size;
  const double query = static_cast<double>(config.num_heads) * config.head_dim;
  const double key = static_cast<double>(config.num_kv_heads) * config.head_dim;
  const double inner = config.intermediate_size;
  double layer = 2 * hidden * kFloatBytes;  // Norms.
  const auto add_matrix = [&](double out, double in) {
    layer += out * (in * sizes.value + sizes.row_scale);
  };
  add_matrix(query, hidden);
  add_matrix(key, hidden);
  add_matrix(key, hidden);
  add_matrix(hidden, query);
  add_matrix(inner, hidden);
  add_matrix(inner, hidden);
  add_matrix(hidden, inner);
  return config.num_layers * layer + hidden * kFloatBytes;
}

double HeadValues(const ModelConfig& config) {
  const double hidden = config.hidden_size;
  if (config.head_kind == HeadKind::kScalar) return hidden;
  const double objectives = config.num_objectives;
  double values = objectives * hidden + objectives * objectives + 1;
  double in = hidden;
  for (int64_t i = 0; i <= config.gating_n_hidden; ++i) {
    const double out = i < config.gating_n_hidden ? config.gating_hidden_dim : objectives;
    values += out * in + out;
    in = out;
  }
  return values;
}

// Of one token in one layer: the residual stream, and the larger of what attention and feed-forward hold at their widest.
double ActivationBytes(const ModelConfig& config, const DtypeSizes& sizes) {
  const double hidden = config.hidden_size;
  const double query = static_cast<double>(config.num_heads) * config.head_dim;
  const double key = static_cast<double>(config.num_kv_heads) * config.head_dim;
  const double inner = config.intermediate_size;
  // Normed input; query and key before and after rotation; value; what was attended to; output.
  const double attention = hidden + 2 * (query + key) + key + query + hidden;
  // Normed input; gate, up and their product; output.
  const double feed_forward = hidden + 3 * inner + hidden;
  return hidden * kFloatBytes + std::max(attention, feed_forward) * sizes.activation +
         std::max({hidden, query, inner}) * sizes.quantised;
}

std::string Size(int64_t bytes) {
  constexpr int64_t kGigabyte = 1000000000;
  constexpr double kMegabyte = 1e6;
  return bytes < kGigabyte ? absl::StrFormat("%.0f MB", bytes / kMegabyte)
                           : absl::StrFormat("%.1f GB", bytes / (1e3 * kMegabyte));
}

}  // namespace

const std::vector<std::string>& PlannedDtypes() {
  static const auto* const kDtypes =
      new std::vector<std::string>{"bfloat16", "float32", "int8", "fp8"};
  return *kDtypes;
}

int64_t DefaultBatchTokens(absl::string_view device) {
  return IsCpu(device) ? kCpuBatchTokens : kGpuBatchTokens;
}

absl::StatusOr<MemoryPlan> PlanMemory(const ModelConfig& config, const MemoryRequest& request) {
  ASSAY_ASSIGN_OR_RETURN(const DtypeSizes sizes, SizesOf(request.dtype));
  MemoryPlan plan = {.request = request};
  plan.trunk = ToBytes(TrunkBytes(config, sizes));
  // As stored, or in the activations' dtype where that is narrower.
  plan.embedding = ToBytes(static_cast<double>(config.vocab_size) * config.hidden_size *
                           std::min(request.stored_value_bytes, sizes.activation));
  plan.embedding_is_mapped =
      IsCpu(request.device) && request.stored_value_bytes <= sizes.activation;
  plan.head =
      ToBytes(HeadValues(config) * (request.heads == "precise" ? kFloatBytes : sizes.activation));
  plan.rotary = ToBytes(static_cast<double>(config.max_positions) * config.head_dim * kFloatBytes);
  plan.activations = ToBytes(static_cast<double>(request.workers) * request.batch_tokens *
                             ActivationBytes(config, sizes));
  return plan;
}

std::string DescribePlan(const MemoryPlan& plan) {
  const MemoryRequest& request = plan.request;
  std::string text =
      absl::StrCat(request.dtype, " on ", request.device, ": weights ", Size(plan.weights()));
  if (plan.embedding_is_mapped) {
    absl::StrAppend(&text, " (", Size(plan.embedding), " of them stay in the file)");
  }
  absl::StrAppend(&text, ", activations of ", request.batch_tokens, " tokens for ", request.workers,
                  request.workers == 1 ? " worker " : " workers ", Size(plan.activations),
                  "; needs ", Size(plan.needed()));
  return text;
}

absl::Status CheckMemory(const MemoryPlan& plan, int64_t available) {
  if (plan.needed() <= available) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the model does not fit: ", DescribePlan(plan), ", and ", Size(available),
                   " are available. A narrower dtype, fewer tokens a batch or fewer workers take "
                   "less"));
}

std::string PlanTable(const ModelConfig& config, MemoryRequest request,
                      std::optional<int64_t> available) {
  std::string table;
  for (const std::string& dtype : PlannedDtypes()) {
    request.dtype = dtype;
    const absl::StatusOr<MemoryPlan> plan = PlanMemory(config, request);
    if (!plan.ok()) continue;
    absl::StrAppend(&table, DescribePlan(*plan));
    if (available.has_value()) {
      absl::StrAppend(&table, " of ", Size(*available), " available: ",
                      CheckMemory(*plan, *available).ok() ? "fits" : "does not fit");
    }
    absl::StrAppend(&table, "\n");
  }
  return table;
}

}  // namespace assay
