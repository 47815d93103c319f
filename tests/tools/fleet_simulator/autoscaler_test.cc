#include "tools/fleet_simulator/autoscaler.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::fleet {
namespace {

absl::Time At(int seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

AutoscalerOptions Options() { return {.min_replicas = 1, .max_replicas = 50}; }

// Of a metric with a target of 100 a replica.
std::vector<MetricReading> Sum(double sum) { return {{.sum = sum, .target = 100}}; }

TEST(AutoscalerTest, AsManyAsBringTheMetricToItsTargetRoundedUp) {
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, Sum(10 * 125)), 13);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, Sum(1300)), 13);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, Sum(1301)), 14);
}

TEST(AutoscalerTest, NothingChangesWithinATenthOfTheTarget) {
  for (const double sum : {905.0, 1000.0, 1095.0}) {
    EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, Sum(sum)), 10);
  }
}

TEST(AutoscalerTest, ItStaysWithinItsLimits) {
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 40, 40, Sum(1e6)), 50);
  AutoscalerOptions options = Options();
  options.min_replicas = 3;
  EXPECT_EQ(Autoscaler(options).Desired(At(0), 4, 4, Sum(0)), 3);
}

TEST(AutoscalerTest, ItGoesDownOnlyToTheMostOfTheLastFiveMinutes) {
  Autoscaler autoscaler(Options());
  EXPECT_EQ(autoscaler.Desired(At(0), 10, 10, Sum(800)), 8);
  EXPECT_EQ(autoscaler.Desired(At(15), 10, 10, Sum(200)), 8);
  EXPECT_EQ(autoscaler.Desired(At(300), 8, 8, Sum(200)), 8);
  EXPECT_EQ(autoscaler.Desired(At(316), 8, 8, Sum(200)), 2);
}

TEST(AutoscalerTest, InAPeriodItDoublesAtMostOrAddsFour) {
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 10, 10, Sum(1e4)), 20);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 2, 2, Sum(1e4)), 6);
  Autoscaler autoscaler(Options());
  EXPECT_EQ(autoscaler.Desired(At(0), 10, 10, Sum(1e4)), 20);
  // Within the period the doubling is from where it began.
  EXPECT_EQ(autoscaler.Desired(At(5), 20, 20, Sum(1e4)), 20);
  EXPECT_EQ(autoscaler.Desired(At(20), 20, 20, Sum(1e4)), 40);
}

TEST(AutoscalerTest, ReplicasThatStillStartAreCountedWithNothingQueued) {
  // 2,000 tokens want 20 replicas: 10 are ready, and the other 10 are on their way.
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 20, 10, Sum(2000)), 20);
  EXPECT_EQ(Autoscaler(Options()).Desired(At(0), 20, 10, Sum(3000)), 30);
}

TEST(AutoscalerTest, OfSeveralMetricsTheOneThatWantsMostDecides) {
  const auto desired = [](double first, double second) {
    return Autoscaler(Options()).Desired(
        At(0), 10, 10, {{.sum = first, .target = 100}, {.sum = second, .target = 5}});
  };
  EXPECT_EQ(desired(1300, 20), 13);
  EXPECT_EQ(desired(600, 70), 14);
  EXPECT_EQ(desired(600, 40), 8);
  // One that is content keeps what is there.
  EXPECT_EQ(desired(600, 50), 10);
}

TEST(AutoscalerTest, InADownPeriodItGivesUpNoMoreThanItMay) {
  AutoscalerOptions options = Options();
  options.down_window = absl::ZeroDuration();
  options.down_pods = 2;
  options.down_period = absl::Seconds(180);
  Autoscaler autoscaler(options);
  EXPECT_EQ(autoscaler.Desired(At(0), 10, 10, Sum(100)), 8);
  EXPECT_EQ(autoscaler.Desired(At(60), 8, 8, Sum(100)), 8);
  EXPECT_EQ(autoscaler.Desired(At(179), 8, 8, Sum(100)), 8);
  EXPECT_EQ(autoscaler.Desired(At(180), 8, 8, Sum(100)), 6);
  // Nor does what it may not give up keep it from growing.
  EXPECT_EQ(autoscaler.Desired(At(200), 6, 6, Sum(900)), 9);
}

}  // namespace
}  // namespace assay::fleet
