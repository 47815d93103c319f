// tests/model/tiny_checkpoint.h
// Checkpoints of a few thousand random numbers, made in memory and written to a folder of the test's own, so that a
// test can damage any part of one. The shapes are awkward on purpose: nothing is a multiple of a vector's length, and
// heads x head_dim is not the hidden size.
#ifndef ASSAY_TESTS_MODEL_TINY_CHECKPOINT_H_
#define ASSAY_TESTS_MODEL_TINY_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/safetensors.h"

namespace assay::testing {

struct TensorData {
  TensorDtype dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};
using TensorMap = std::map<std::string, TensorData>;

// 2 layers, 48 hidden, 4 query and 2 key heads of 16, 40 tokens, 128 positions; 5 objectives, gate pattern {1, 2}.
ModelConfig TinyGatedConfig();
ModelConfig TinyScalarConfig();

// Random tensors for `config`: the trunk in `trunk_dtype`, the heads in float32. The same for the same seed.
TensorMap RandomTensors(const ModelConfig& config, TensorDtype trunk_dtype, uint32_t seed = 1);

// `values` in `dtype` (bfloat16 by cutting, so use values that fit; float16 is not supported).
TensorData MakeTensor(TensorDtype dtype, std::vector<int64_t> shape,
                      const std::vector<float>& values);

// The file's bytes.
std::string SafetensorsBytes(const TensorMap& tensors);

// A new empty folder for this process.
std::string NewFolder(const std::string& name);
void WriteFile(const std::string& path, const std::string& bytes);
// NewFolder() with `tensors` in model.safetensors.
std::string WriteFolder(const std::string& name, const TensorMap& tensors);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_MODEL_TINY_CHECKPOINT_H_
