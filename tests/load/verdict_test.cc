#include "tests/load/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::testing {
namespace {

using ::testing::HasSubstr;

TEST(VerdictTest, OneBarThatFailsFailsTheWhole) {
  Verdict verdict("t", TimeBars::kHold);
  verdict.Tell("sent", "5");
  verdict.Outcome("wrong scores", "0", "0", true);
  EXPECT_TRUE(verdict.holds());
  verdict.Measure("goodput", "3", "4", false);
  EXPECT_FALSE(verdict.holds());
  verdict.Outcome("lost", "0", "0", true);
  EXPECT_FALSE(verdict.holds());
  EXPECT_THAT(verdict.Render(), HasSubstr("FAILS  goodput"));
}

TEST(VerdictTest, WhereTimeIsOnlyToldItDecidesNothingAndOutcomesStillDo) {
  Verdict verdict("t", TimeBars::kTell);
  verdict.Measure("goodput", "3", "4", false);
  EXPECT_TRUE(verdict.holds());
  EXPECT_THAT(verdict.Render(), HasSubstr("told!  goodput"));
  verdict.Outcome("lost", "1", "0", false);
  EXPECT_FALSE(verdict.holds());
}

}  // namespace
}  // namespace assay::testing
