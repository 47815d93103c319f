#include "tools/fleet_simulator/autoscaler.h"

#include <gtest/gtest.h>

namespace assay::fleet {
namespace {

absl::Time At(int seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

AutoscalerOptions Options() { return {.target = 100, .min_replicas = 1, .max_replicas = 50}; }

TEST(AutoscalerTest, AsManyAsBringTheMetricToItsTargetRoundedUp) {
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, 10 * 125), 13);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, 1300), 13);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, 1301), 14);
}

TEST(AutoscalerTest, NothingChangesWithinATenthOfTheTarget) {
  for (const double sum : {905.0, 1000.0, 1095.0}) {
    EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, sum), 10);
  }
}

TEST(AutoscalerTest, ItStaysWithinItsLimits) {
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 40, 40, 1e6), 50);
  AutoscalerOptions options = Options();
  options.min_replicas = 3;
  EXPECT_EQ(Autoscaler(options).Desired(At(0), 4, 4, 0), 3);
}

TEST(AutoscalerTest, ItGoesDownOnlyToTheMostOfTheLastFiveMinutes) {
  Autoscaler autoscaler(Options());
  EXPECT_EQ(autoscaler.Desired(At(0), 10, 10, 800), 8);
  EXPECT_EQ(autoscaler.Desired(At(15), 10, 10, 200), 8);
  EXPECT_EQ(autoscaler.Desired(At(300), 8, 8, 200), 8);
  EXPECT_EQ(autoscaler.Desired(At(316), 8, 8, 200), 2);
}

TEST(AutoscalerTest, InAPeriodItDoublesAtMostOrAddsFour) {
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, 1e4), 20);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 2, 2, 1e4), 6);
  Autoscaler autoscaler(Options());
  EXPECT_EQ(autoscaler.Desired(At(0), 10, 10, 1e4), 20);
  // Within the period the doubling is from where it began.
  EXPECT_EQ(autoscaler.Desired(At(5), 20, 20, 1e4), 20);
  EXPECT_EQ(autoscaler.Desired(At(20), 20, 20, 1e4), 40);
}

TEST(AutoscalerTest, ReplicasThatStillStartAreCountedWithNothingQueued) {
  // 2,000 tokens want 20 replicas: 10 are ready, and the other 10 are on their way.
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 20, 10, 2000), 20);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 20, 10, 3000), 30);
}

}  // namespace
}  // namespace assay::fleet
