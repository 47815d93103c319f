#include "client/arrivals.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::client {
namespace {

std::vector<absl::Duration> Take(Arrivals arrivals, int count) {
  std::vector<absl::Duration> times;
  for (int i = 0; i < count; ++i) times.push_back(arrivals.Next());
  return times;
}

TEST(ArrivalsTest, EvenArrivalsLieOnePeriodApartFromTheStart) {
  EXPECT_EQ(Take(Arrivals(ArrivalKind::kEven, 4, 1), 4),
            (std::vector<absl::Duration>{absl::ZeroDuration(), absl::Milliseconds(250),
                                         absl::Milliseconds(500), absl::Milliseconds(750)}));
}

TEST(ArrivalsTest, PoissonGapsHaveTheMeanAndTheSpreadOfAnExponential) {
  constexpr int kCount = 200'000;
  double last = 0;
  double squares = 0;
  for (const absl::Duration time : Take(Arrivals(ArrivalKind::kPoisson, 1000, 7), kCount)) {
    const double gap = absl::ToDoubleSeconds(time) - last;
    EXPECT_GE(gap, 0);
    last += gap;
    squares += gap * gap;
  }
  const double mean = last / kCount;
  EXPECT_NEAR(mean, 0.001, 0.00001);  // Four standard errors.
  EXPECT_NEAR(squares / kCount - mean * mean, 1e-6, 5e-8);
}

TEST(ArrivalsTest, TheSeedAloneDecidesPoissonArrivals) {
  EXPECT_EQ(Take(Arrivals(ArrivalKind::kPoisson, 10, 3), 50),
            Take(Arrivals(ArrivalKind::kPoisson, 10, 3), 50));
  EXPECT_NE(Take(Arrivals(ArrivalKind::kPoisson, 10, 3), 50),
            Take(Arrivals(ArrivalKind::kPoisson, 10, 4), 50));
}

}  // namespace
}  // namespace assay::client
