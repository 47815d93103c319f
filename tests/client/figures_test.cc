#include "client/figures.h"

#include <gtest/gtest.h>

namespace assay::client {
namespace {

TEST(FiguresTest, CountsHaveACommaEachThreeDigits) {
  EXPECT_EQ(Count(0), "0");
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1000), "1,000");
  EXPECT_EQ(Count(1234567), "1,234,567");
  EXPECT_EQ(Count(-999), "-999");
  EXPECT_EQ(Count(-1000), "-1,000");
}

TEST(FiguresTest, OneIsSingular) {
  EXPECT_EQ(CountOf(1, "pair"), "1 pair");
  EXPECT_EQ(CountOf(0, "pair"), "0 pairs");
  EXPECT_EQ(CountOf(2000, "pair"), "2,000 pairs");
}

TEST(FiguresTest, RatesHaveADecimalOnlyWhenSmallAndNoTimeIsNoRate) {
  EXPECT_EQ(Rate(123, absl::Seconds(10)), "12.3");
  EXPECT_EQ(Rate(9996, absl::Seconds(100)), "100");
  EXPECT_EQ(Rate(4'567'000, absl::Seconds(1000)), "4,567");
  EXPECT_EQ(Rate(5, absl::ZeroDuration()), "0");
}

TEST(FiguresTest, SpansAreRoundedToWhatMatters) {
  EXPECT_EQ(Span(absl::Milliseconds(420)), "0.4 s");
  EXPECT_EQ(Span(absl::Milliseconds(9960)), "10 s");
  EXPECT_EQ(Span(absl::Seconds(59)), "59 s");
  EXPECT_EQ(Span(absl::Milliseconds(59'700)), "1 min 00 s");
  EXPECT_EQ(Span(absl::Seconds(125)), "2 min 05 s");
  EXPECT_EQ(Span(absl::Hours(3) + absl::Minutes(7)), "3 h 07 min");
  EXPECT_EQ(Span(-absl::Seconds(1)), "0.0 s");
}

TEST(FiguresTest, PercentagesHaveOneDecimal) {
  EXPECT_EQ(Percent(0.6712), "67.1");
  EXPECT_EQ(Percent(1), "100.0");
  EXPECT_EQ(Percent(0), "0.0");
}

TEST(FiguresTest, ARoundedNumberKeepsThreeSignificantDigits) {
  EXPECT_EQ(Rounded(0.0236543), "0.0237");
  EXPECT_EQ(Rounded(0.25), "0.25");
  EXPECT_EQ(Rounded(0), "0");
  EXPECT_EQ(Rounded(1234), "1.23e+03");
}

}  // namespace
}  // namespace assay::client
