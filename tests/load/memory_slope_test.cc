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
  EXPECT_EQ(slope.points, 20);
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

// Steps that come and go, each for many samples: to a line through all of them they would look as
// sure as a leak.
TEST(MemorySlopeTest, StepsThatEndWhereTheyBeganAreNoLeak) {
  std::mt19937 random(3);
  int blamed = 0;
  for (int run = 0; run < 200; ++run) {
    MemorySlope memory;
    int64_t level = 0;
    for (int i = 0; i < 600; ++i) {
      if (i % 30 == 0) level = static_cast<int64_t>(random() % 8) * 262144;
      memory.Add(i, level);
    }
    if (memory.Fit(0).Exceeds(0)) ++blamed;
  }
  EXPECT_LE(blamed, 2);
}

TEST(MemorySlopeTest, TooFewSamplesMakeNoLine) {
  MemorySlope memory;
  memory.Add(0, 1);
  memory.Add(1, 2);
  EXPECT_EQ(memory.Fit(0).points, 0);
}

}  // namespace
}  // namespace assay::testing
