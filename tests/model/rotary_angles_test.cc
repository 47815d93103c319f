#include "model/rotary_angles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/model/tiny_checkpoint.h"

namespace assay {
namespace {

using ::assay::testing::TinyScalarConfig;

void ExpectAngles(const ModelConfig& config, const std::vector<double>& frequencies) {
  const RotaryAngles angles = MakeRotaryAngles(config);
  ASSERT_EQ(angles.pairs, static_cast<int64_t>(frequencies.size()));
  ASSERT_EQ(angles.cos.size(), config.max_positions * frequencies.size());
  for (int64_t position = 0; position < config.max_positions; ++position) {
    for (size_t i = 0; i < frequencies.size(); ++i) {
      // 127 radians in float32 are exact to 4e-6.
      EXPECT_NEAR(angles.cos[position * angles.pairs + i], std::cos(position * frequencies[i]),
                  2e-5);
      EXPECT_NEAR(angles.sin[position * angles.pairs + i], std::sin(position * frequencies[i]),
                  2e-5);
    }
  }
}

TEST(RotaryAnglesTest, AnAngleIsThePositionTimesThePairsFrequency) {
  const ModelConfig config = TinyScalarConfig();
  std::vector<double> frequencies;
  for (int64_t i = 0; i < config.head_dim / 2; ++i) {
    frequencies.push_back(std::pow(config.rope_theta, -2.0 * i / config.head_dim));
  }
  ExpectAngles(config, frequencies);
}

TEST(RotaryAnglesTest, Llama3ScalingStretchesLongWavesKeepsShortOnesAndBlendsBetween) {
  ModelConfig config = TinyScalarConfig();
  config.rope_theta = 500000;
  config.rope_scaling = Llama3RopeScaling{.factor = 8,
                                          .low_freq_factor = 1,
                                          .high_freq_factor = 4,
                                          .original_max_position_embeddings = 64};
  std::vector<double> frequencies;
  int kept = 0, blended = 0, stretched = 0;
  for (int64_t i = 0; i < config.head_dim / 2; ++i) {
    const double frequency = std::pow(config.rope_theta, -2.0 * i / config.head_dim);
    const double turns_in_context = 64 * frequency / (2 * M_PI);
    if (turns_in_context > 4) {
      frequencies.push_back(frequency);
      ++kept;
    } else if (turns_in_context < 1) {
      frequencies.push_back(frequency / 8);
      ++stretched;
    } else {
      const double share = (turns_in_context - 1) / (4 - 1);
      frequencies.push_back(share * frequency + (1 - share) * frequency / 8);
      ++blended;
    }
  }
  ASSERT_TRUE(kept > 0 && blended > 0 && stretched > 0);
  ExpectAngles(config, frequencies);
}

}  // namespace
}  // namespace assay
