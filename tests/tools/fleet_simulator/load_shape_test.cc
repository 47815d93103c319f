#include "tools/fleet_simulator/load_shape.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::fleet {
namespace {

// Arrivals in each second of `seconds`.
std::vector<int> PerSecond(const LoadShape& shape, int seconds) {
  ShapedArrivals arrivals(shape, 1);
  std::vector<int> counts(seconds);
  for (absl::Duration at = arrivals.Next(); at < absl::Seconds(seconds); at = arrivals.Next()) {
    ++counts[absl::ToInt64Seconds(at)];
  }
  return counts;
}

TEST(LoadShapeTest, EvenArrivalsKeepTheRateAndItsStep) {
  const LoadShape shape = {.rate = 10,
                           .arrivals = client::ArrivalKind::kEven,
                           .step_at = absl::Seconds(2),
                           .step_factor = 2};
  EXPECT_EQ(PerSecond(shape, 4), (std::vector<int>{10, 10, 20, 20}));
}

TEST(LoadShapeTest, ABurstLastsItsTimeAndComesBack) {
  const LoadShape shape = {.rate = 10,
                           .arrivals = client::ArrivalKind::kEven,
                           .burst_every = absl::Seconds(3),
                           .burst_for = absl::Seconds(1),
                           .burst_factor = 5};
  EXPECT_EQ(PerSecond(shape, 6), (std::vector<int>{50, 10, 10, 50, 10, 10}));
}

TEST(LoadShapeTest, PoissonArrivalsHaveTheRateAndItsVariance) {
  const std::vector<int> counts = PerSecond({.rate = 50}, 2000);
  double sum = 0;
  double squares = 0;
  for (const int count : counts) {
    sum += count;
    squares += static_cast<double>(count) * count;
  }
  const double mean = sum / 2000;
  EXPECT_NEAR(mean, 50, 1);
  EXPECT_NEAR(squares / 2000 - mean * mean, 50, 6);
}

}  // namespace
}  // namespace assay::fleet
