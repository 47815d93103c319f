#include "tests/load/memory_slope.h"

#include <gtest/gtest.h>

#include <random>

namespace assay::testing {
namespace {

TEST(MemorySlopeTest, ALineIsFoundThoughItsBeginningIsSteeper) {
  MemorySlope memory;
  for (int i = 0; i < 100; ++i) memory.Add(i, 1000 + (i < 30 ? 500 * i : 15000 + 7 * (i - 30)));
  const Slope slope = memory.Fit(0.4);
  EXPECT_NEAR(slope.per_unit, 7, 1e-9);
  EXPECT_NEAR(slope.standard_error, 0, 1e-9);
  EXPECT_EQ(slope.samples, 60);
  EXPECT_EQ(memory.largest(), 1000 + 15000 + 7 * 69);
}

TEST(MemorySlopeTest, NoiseIsNoSlopeAndALeakUnderNoiseIs) {
  std::mt19937 random(1);
  MemorySlope flat;
  MemorySlope leaking;
  for (int i = 0; i < 1000; ++i) {
    const int64_t noise = random() % 4096;
    flat.Add(i, 100000 + noise);
    leaking.Add(i, 100000 + 10 * i + noise);
  }
  EXPECT_FALSE(flat.Fit(0.3).Exceeds(0));
  EXPECT_TRUE(leaking.Fit(0.3).Exceeds(5));
}

TEST(MemorySlopeTest, TooFewSamplesMakeNoLine) {
  MemorySlope memory;
  memory.Add(0, 1);
  memory.Add(1, 2);
  EXPECT_EQ(memory.Fit(0).samples, 0);
}

}  // namespace
}  // namespace assay::testing
