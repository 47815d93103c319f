// As a test it tries 20,000 schedules; ASSAY_SCHEDULES=1000000 tries as many as that.
#include "tests/server/scheduler_simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace assay {
namespace {

TEST(SchedulerSimulationTest, EveryScheduleAnswersEachTaskOnceInFairOrderAndWithinTheBudget) {
  const char* asked = std::getenv("ASSAY_SCHEDULES");
  const int64_t schedules = asked == nullptr ? 20000 : std::atoll(asked);
  SimulationCounts counts;
  for (int64_t seed = 0; seed < schedules; ++seed) {
    const std::string problem = Simulate(seed, &counts);
    ASSERT_EQ(problem, "");
    if (seed % 100000 == 99999) std::cerr << seed + 1 << " schedules\n";
  }
  std::cout << counts.schedules << " schedules, " << counts.tasks << " tasks: " << counts.scored
            << " scored, " << counts.refused << " refused, " << counts.expired << " expired, "
            << counts.cancelled << " cancelled, in " << counts.batches << " batches\n";
  // Each kind of outcome occurs, so that the checks above have something to look at.
  EXPECT_GT(counts.scored, schedules);
  EXPECT_GT(counts.refused, schedules / 10);
  EXPECT_GT(counts.expired, schedules / 100);
  EXPECT_GT(counts.cancelled, schedules / 100);
  EXPECT_GT(counts.predictions, schedules / 10);
}

}  // namespace
}  // namespace assay
