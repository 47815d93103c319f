#include "model/rotary_angles.h"

#include <cmath>
#include <numbers>

namespace assay {
namespace {

// Long wavelengths are stretched by `factor`, short ones kept, those between blended.
float Scaled(float frequency, const Llama3RopeScaling& scaling) {
  const double context = static_cast<double>(scaling.original_max_position_embeddings);
  const float wavelength = static_cast<float>(2 * std::numbers::pi) / frequency;
  const float stretched = frequency / static_cast<float>(scaling.factor);
  if (wavelength > static_cast<float>(context / scaling.low_freq_factor)) return stretched;
  if (wavelength < static_cast<float>(context / scaling.high_freq_factor)) return frequency;
  const float smooth =
      (static_cast<float>(context) / wavelength - static_cast<float>(scaling.low_freq_factor)) /
      static_cast<float>(scaling.high_freq_factor - scaling.low_freq_factor);
  return (1 - smooth) * stretched + smooth * frequency;
}

}  // namespace

RotaryAngles MakeRotaryAngles(const ModelConfig& config) {
  std::vector<float> frequencies(config.head_dim / 2);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    frequencies[i] = 1.0f / std::pow(static_cast<float>(config.rope_theta), exponent);
    if (config.rope_scaling) frequencies[i] = Scaled(frequencies[i], *config.rope_scaling);
  }
  RotaryAngles table{.pairs = static_cast<int64_t>(frequencies.size()), .cos = {}, .sin = {}};
  table.cos.reserve(config.max_positions * frequencies.size());
  table.sin.reserve(config.max_positions * frequencies.size());
  for (int64_t position = 0; position < config.max_positions; ++position) {
    for (float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      table.cos.push_back(std::cos(angle));
      table.sin.push_back(std::sin(angle));
    }
  }
  return table;
}

}  // namespace assay
