#include "tests/model/tiny_checkpoint.h"

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::testing {
namespace {

class RandomSource {
 public:
  explicit RandomSource(uint32_t seed) : engine_(seed) {}

  // Normal numbers times `scale`, around `mean`.
  TensorData Draw(TensorDtype dtype, std::vector<int64_t> shape, float scale, float mean = 0) {
    int64_t elements = 1;
    for (int64_t extent : shape) elements *= extent;
    std::normal_distribution<float> normal(mean, scale);
    std::vector<float> values(elements);
    for (float& value : values) value = normal(engine_);
    return MakeTensor(dtype, std::move(shape), values);
  }

  // A matrix that keeps the size of what it multiplies.
  TensorData Matrix(TensorDtype dtype, int64_t out, int64_t in) {
    return Draw(dtype, {out, in}, 1.0f / std::sqrt(static_cast<float>(in)));
  }

 private:
  std::mt19937 engine_;
};

}  // namespace

ModelConfig TinyGatedConfig() {
  ModelConfig config = TinyScalarConfig();
  config.architecture = "LlamaForRewardModelWithGating";
  config.head_kind = HeadKind::kGated;
  config.num_objectives = 5;
  config.gating_hidden_dim = 24;
  config.gating_n_hidden = 2;
  config.gating_temperature = 2.5;
  config.gate_pattern = {1, 2};
  config.objectives = {"a", "b", "c", "d", "e"};
  return config;
}

ModelConfig TinyScalarConfig() {
  ModelConfig config;
  config.architecture = "LlamaForSequenceClassification";
  config.trunk_prefix = "model.";
  config.hidden_size = 48;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 16;
  config.intermediate_size = 90;
  config.vocab_size = 40;
  config.max_positions = 128;
  config.rms_norm_eps = 1e-5;
  config.rope_theta = 10000;
  config.head_kind = HeadKind::kScalar;
  return config;
}

TensorMap RandomTensors(const ModelConfig& config, TensorDtype trunk_dtype, uint32_t seed) {
  RandomSource random(seed);
  const int64_t hidden = config.hidden_size;
  const int64_t query_rows = config.num_heads * config.head_dim;
  const int64_t key_rows = config.num_kv_heads * config.head_dim;
  TensorMap tensors;
  tensors["model.embed_tokens.weight"] =
      random.Draw(trunk_dtype, {config.vocab_size, hidden}, 1.0f);
  tensors["model.norm.weight"] = random.Draw(trunk_dtype, {hidden}, 0.1f, 1.0f);
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const std::string layer = absl::StrCat("model.layers.", i, ".");
    for (const char* norm : {"input_layernorm", "post_attention_layernorm"}) {
      tensors[absl::StrCat(layer, norm, ".weight")] =
          random.Draw(trunk_dtype, {hidden}, 0.1f, 1.0f);
    }
    const auto matrix = [&](const char* part, int64_t out, int64_t in) {
      tensors[absl::StrCat(layer, part, ".weight")] = random.Matrix(trunk_dtype, out, in);
    };
    matrix("self_attn.q_proj", query_rows, hidden);
    matrix("self_attn.k_proj", key_rows, hidden);
    matrix("self_attn.v_proj", key_rows, hidden);
    matrix("self_attn.o_proj", hidden, query_rows);
    matrix("mlp.gate_proj", config.intermediate_size, hidden);
    matrix("mlp.up_proj", config.intermediate_size, hidden);
    matrix("mlp.down_proj", hidden, config.intermediate_size);
  }
  const TensorDtype f32 = TensorDtype::kFloat32;
  if (config.head_kind == HeadKind::kScalar) {
    tensors["score.weight"] = random.Matrix(trunk_dtype, 1, hidden);
    return tensors;
  }
  const int64_t objectives = config.num_objectives;
  tensors["regression_layer.weight"] = random.Matrix(f32, objectives, hidden);
  tensors["reward_transform_matrix"] = random.Draw(f32, {objectives, objectives}, 1.0f);
  tensors["gating.logit_scale"] = MakeTensor(f32, {1}, {1.25f});
  int64_t in = hidden;
  for (int64_t i = 0; i <= config.gating_n_hidden; ++i) {
    const int64_t out = i < config.gating_n_hidden ? config.gating_hidden_dim : objectives;
    tensors[absl::StrCat("gating.layers.", i, ".weight")] = random.Matrix(f32, out, in);
    tensors[absl::StrCat("gating.layers.", i, ".bias")] = random.Draw(f32, {out}, 0.1f);
    in = out;
  }
  return tensors;
}

TensorData MakeTensor(TensorDtype dtype, std::vector<int64_t> shape,
                      const std::vector<float>& values) {
  std::string bytes;
  for (float value : values) {
    char raw[sizeof(float)];
    std::memcpy(raw, &value, sizeof(float));
    // Little-endian: a bfloat16 is the upper half.
    if (dtype == TensorDtype::kBFloat16) {
      bytes.append(raw + 2, 2);
    } else {
      bytes.append(raw, sizeof(float));
    }
  }
  return {dtype, std::move(shape), std::move(bytes)};
}

std::string SafetensorsBytes(const TensorMap& tensors) {
  SafetensorsFile file;
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const size_t begin = data.size();
    data += tensor.bytes;
    file.tensors.push_back({name, tensor.dtype, tensor.shape, begin, data.size()});
  }
  file.data = data;
  return SerializeSafetensors(file);
}

std::string NewFolder(const std::string& name) {
  const auto folder =
      std::filesystem::temp_directory_path() / absl::StrCat("assay_test_", getpid(), "_", name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder.string();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string WriteFolder(const std::string& name, const TensorMap& tensors) {
  const std::string folder = NewFolder(name);
  WriteFile(folder + "/model.safetensors", SafetensorsBytes(tensors));
  return folder;
}

}  // namespace assay::testing
