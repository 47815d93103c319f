#include "client/hedge_budget.h"

#include <limits>

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

TEST(HedgeBudgetTest, HedgesAreOneAndTheShareOfAllCallsAtMost) {
  HedgeBudget budget(0.05);
  int hedges = 0;
  for (int calls = 1; calls <= 10'000; ++calls) {
    budget.CountCall();
    if (budget.Take()) ++hedges;
    ASSERT_LE(hedges, 1 + 0.05 * calls + 1e-6);
  }
  EXPECT_EQ(hedges, 501);
}

TEST(HedgeBudgetTest, AQuietTimeSavesUpForTen) {
  HedgeBudget budget(1);
  for (int calls = 0; calls < 1000; ++calls) budget.CountCall();
  int hedges = 0;
  while (budget.Take()) ++hedges;
  EXPECT_EQ(hedges, 10);
}

TEST(HedgeBudgetTest, AShareOfNothingAllowsNone) {
  HedgeBudget budget(0);
  budget.CountCall();
  EXPECT_FALSE(budget.Take());
}

TEST(HedgeBudgetTest, OptionsOutOfRangeAreNamed) {
  EXPECT_OK(HedgeOptions().Validate());
  EXPECT_THAT(HedgeOptions{.after = absl::ZeroDuration()}.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("hedge.after is 0")));
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(HedgeOptions{.max_share = share}.Validate(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("hedge.max_share is ")));
  }
}

}  // namespace
}  // namespace assay::client
