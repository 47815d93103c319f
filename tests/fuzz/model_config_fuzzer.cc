// Any bytes as a config.json: an error, or a config whose numbers agree with each other.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "model/model_config.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config = assay::ParseModelConfig({reinterpret_cast<const char*>(data), size});
  if (!config.ok()) return 0;
  Require(config->hidden_size > 0 && config->num_layers > 0 && config->intermediate_size > 0);
  Require(config->num_heads > 0 && config->num_kv_heads > 0);
  Require(config->num_heads % config->num_kv_heads == 0);
  Require(config->head_dim > 0 && config->head_dim % 2 == 0);
  Require(config->vocab_size > 0 && config->max_positions > 0);
  Require(config->rms_norm_eps > 0 && config->rope_theta > 0);
  if (config->head_kind == assay::HeadKind::kGated) {
    Require(config->objectives.size() == static_cast<size_t>(config->num_objectives));
    Require(!config->gate_pattern.empty() && config->gating_temperature > 0);
    for (const assay::TokenId id : config->gate_pattern) {
      Require(id >= 0 && id < config->vocab_size);
    }
  }
  return 0;
}
