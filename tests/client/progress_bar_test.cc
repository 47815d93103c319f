#include "client/progress_bar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/testing/fake_clock.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProgressBarTest, TheLineTellsCountRatesTimeLeftAndErrors) {
  EXPECT_EQ(
      ProgressLine(
          {.done = 120, .total = 840, .errors = 2, .tokens = 45670, .elapsed = absl::Seconds(10)},
          "pair"),
      "120/840 pairs, 12.0 pairs/s, 4,567 tokens/s, 1 min 00 s left, 2 errors");
}

TEST(ProgressBarTest, WhatAnEarlierRunDidIsCountedAndMakesNoRate) {
  EXPECT_EQ(
      ProgressLine(
          {.done = 520, .total = 840, .kept = 400, .tokens = 45670, .elapsed = absl::Seconds(10)},
          "pair"),
      "520/840 pairs, 12.0 pairs/s, 4,567 tokens/s, 27 s left");
  EXPECT_THAT(
      ProgressLine({.done = 400, .total = 840, .kept = 400, .elapsed = absl::Seconds(1)}, "row"),
      Not(HasSubstr("left")));
}

TEST(ProgressBarTest, WhatIsNotKnownIsNotTold) {
  EXPECT_EQ(ProgressLine({.done = 1, .elapsed = absl::Seconds(1)}, "row"),
            "1 row, 1.0 rows/s, 0.0 tokens/s");
  EXPECT_THAT(ProgressLine({.done = 0, .total = 5, .elapsed = absl::Seconds(1)}, "row"),
              Not(HasSubstr("left")));
  EXPECT_THAT(ProgressLine({.done = 5, .total = 5, .elapsed = absl::Seconds(1)}, "row"),
              Not(HasSubstr("left")));
}

TEST(ProgressBarTest, ATerminalsLineIsRenewedInPlaceTenTimesASecondAndLeftEmpty) {
  FakeClock clock;
  std::ostringstream out;
  {
    ProgressBar bar(&out, &clock, {.noun = "row", .total = 9, .on_terminal = true});
    bar.Update(1, 0, 0);
    EXPECT_EQ(out.str(), "");  // Too soon: a short job shows nothing.
    clock.Advance(absl::Milliseconds(100));
    bar.Update(2, 0, 0);
    bar.Update(3, 0, 0);
    EXPECT_THAT(out.str(), HasSubstr("2/9 rows"));
    EXPECT_THAT(out.str(), Not(HasSubstr("3/9")));
    clock.Advance(absl::Milliseconds(100));
    bar.Update(4, 0, 0);
    EXPECT_THAT(out.str(), HasSubstr("\r4/9 rows"));
    EXPECT_THAT(out.str(), Not(HasSubstr("\n")));
  }
  EXPECT_EQ(out.str().back(), '\r');
}

TEST(ProgressBarTest, ALogGetsALineEveryTenSeconds) {
  FakeClock clock;
  std::ostringstream out;
  {
    ProgressBar bar(&out, &clock, {.noun = "row"});
    clock.Advance(absl::Seconds(9));
    bar.Update(9, 0, 0);
    EXPECT_EQ(out.str(), "");
    clock.Advance(absl::Seconds(1));
    bar.Update(10, 0, 0);
    bar.Update(11, 0, 0);
  }
  EXPECT_EQ(out.str(), "10 rows, 1.0 rows/s, 0.0 tokens/s\n");
}

TEST(ProgressBarTest, AWordInBetweenHasALineOfItsOwn) {
  FakeClock clock;
  std::ostringstream out;
  ProgressBar bar(&out, &clock, {.noun = "row", .on_terminal = true});
  clock.Advance(absl::Seconds(1));
  bar.Update(1, 0, 0);
  bar.Say("hello");
  EXPECT_THAT(out.str(), HasSubstr("\rhello\n"));
}

}  // namespace
}  // namespace assay::client
