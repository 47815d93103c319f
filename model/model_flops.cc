#include "model/model_flops.h"

#include "absl/strings/match.h"

namespace assay {
namespace {

struct Published {
  absl::string_view device;  // Begins the device's name.
  absl::string_view dtype;
  double flops;
};

constexpr Published kPublished[] = {
    {"NVIDIA A100-SXM4", "bfloat16", 312e12},    {"NVIDIA H100 80GB HBM3", "bfloat16", 989.4e12},
    {"NVIDIA H100 80GB HBM3", "fp8", 1978.9e12}, {"NVIDIA H200", "bfloat16", 989.4e12},
    {"NVIDIA H200", "fp8", 1978.9e12},
};

}  // namespace

double TrunkFlopsPerToken(const ModelConfig& config) {
  // In double: a hostile config overflows whole numbers.
  const double hidden = static_cast<double>(config.hidden_size);
  const double query = static_cast<double>(config.num_heads) * static_cast<double>(config.head_dim);
  const double key =
      static_cast<double>(config.num_kv_heads) * static_cast<double>(config.head_dim);
  const double inner = static_cast<double>(config.intermediate_size);
  const double attention = 2 * hidden * (query + key);  // Query and output; key and value.
  const double feed_forward = 3 * hidden * inner;       // Gate, up, down.
  return 2 * static_cast<double>(config.num_layers) * (attention + feed_forward);
}

double PublishedFlops(absl::string_view device_name, absl::string_view dtype) {
  for (const Published& known : kPublished) {
    if (absl::StartsWith(device_name, known.device) && dtype == known.dtype) return known.flops;
  }
  return 0;
}

}  // namespace assay
