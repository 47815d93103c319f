#include "client/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace assay::client {
namespace {

Score ScoreOf(float score, std::vector<float> rewards = {}) {
  return {.score = score, .rewards = std::move(rewards)};
}

TEST(AccuracyTest, OnlyAStrictlyHigherScoreWinsAndATieIsCountedApart) {
  Tally tally;
  tally.Add(1, 0.5);
  tally.Add(0.5, 0.5);
  tally.Add(-0.0F, 0.0F);
  tally.Add(0.5, 1);
  tally.Add(std::numeric_limits<float>::denorm_min(), 0);
  EXPECT_EQ(tally.wins, 2);
  EXPECT_EQ(tally.ties, 2);
  EXPECT_EQ(tally.losses, 1);
  EXPECT_DOUBLE_EQ(tally.accuracy(), 2.0 / 5);
}

TEST(AccuracyTest, NoPairsHaveNoAccuracyAndEveryInterval) {
  EXPECT_EQ(Tally().accuracy(), 0);
  EXPECT_EQ(WilsonInterval(0, 0).low, 0);
  EXPECT_EQ(WilsonInterval(0, 0).high, 1);
}

// The interval's ends are by definition the accuracies p for which wins / n lies z standard
// deviations of p away.
TEST(AccuracyTest, TheIntervalIsWilsons) {
  constexpr double z = 1.959964;
  const struct { int64_t wins, n; } kCases[] = {{157, 234}, {1, 10}, {1, 2}, {9, 10}, {1492, 2985}};
  for (const auto& c : kCases) {
    const Interval interval = WilsonInterval(c.wins, c.n);
    const double proportion = static_cast<double>(c.wins) / static_cast<double>(c.n);
    for (const double p : {interval.low, interval.high}) {
      EXPECT_NEAR(std::abs(proportion - p), z * std::sqrt(p * (1 - p) / static_cast<double>(c.n)),
                  1e-6)
          << c.wins << "/" << c.n;
    }
    EXPECT_LT(interval.low, interval.high);
  }
  EXPECT_NEAR(WilsonInterval(0, 10).low, 0, 1e-12);
  EXPECT_NEAR(WilsonInterval(10, 10).high, 1, 1e-12);
}

TEST(AccuracyTest, TheIntervalHoldsTheProportionStaysInRangeAndNarrows) {
  double last_width = 1;
  for (int64_t n = 4; n < 100'000; n *= 2) {
    for (const int64_t wins : {int64_t{0}, n / 4, n / 2, n}) {
      const Interval interval = WilsonInterval(wins, n);
      EXPECT_LE(interval.low, static_cast<double>(wins) / static_cast<double>(n) + 1e-12);
      EXPECT_GE(interval.high, static_cast<double>(wins) / static_cast<double>(n) - 1e-12);
      EXPECT_GE(interval.low, 0);
      EXPECT_LE(interval.high, 1);
    }
    const double width = WilsonInterval(n / 2, n).high - WilsonInterval(n / 2, n).low;
    EXPECT_LT(width, last_width);
    last_width = width;
  }
}

TEST(AccuracyTest, SumsAreBySubsetAndByMeasureInTheOrderOfTheirNaming) {
  AccuracySums sums(2);
  sums.AddSubset("b");
  sums.AddPair("a", ScoreOf(1, {0, 5}), ScoreOf(0, {1, 5}));
  sums.AddPair("b", ScoreOf(0, {2, 0}), ScoreOf(1, {1, 3}));
  sums.AddError("b");
  ASSERT_EQ(sums.subsets().size(), 2);
  const SubsetAccuracy& b = sums.subsets()[0];
  const SubsetAccuracy& a = sums.subsets()[1];
  EXPECT_EQ(b.subset, "b");
  EXPECT_EQ(b.score.losses, 1);
  EXPECT_EQ(b.objectives[0].wins, 1);
  EXPECT_EQ(b.objectives[1].losses, 1);
  EXPECT_EQ(b.errors, 1);
  EXPECT_EQ(b.score.n(), 1);  // An error is no loss.
  EXPECT_EQ(a.subset, "a");
  EXPECT_EQ(a.score.wins, 1);
  EXPECT_EQ(a.objectives[0].losses, 1);
  EXPECT_EQ(a.objectives[1].ties, 1);
}

TEST(AccuracyTest, APairTooCloseToCallIsCountedApartAndStaysAWinATieOrALoss) {
  AccuracySums sums(1, 0.5);
  sums.AddPair("a", ScoreOf(1.25, {9}), ScoreOf(1, {0}));
  sums.AddPair("a", ScoreOf(1, {9}), ScoreOf(1, {0}));
  sums.AddPair("a", ScoreOf(1, {9}), ScoreOf(2, {9}));  // The objectives do not count.
  sums.AddPair("b", ScoreOf(1, {9}), ScoreOf(1.25, {0}));
  sums.AddError("b");
  const SubsetAccuracy& a = sums.subsets()[0];
  EXPECT_EQ(a.too_close, 2);
  EXPECT_EQ(a.score.wins, 1);
  EXPECT_EQ(a.score.ties, 1);
  EXPECT_EQ(a.score.losses, 1);
  EXPECT_EQ(sums.subsets()[1].too_close, 1);
  EXPECT_EQ(sums.Total().too_close, 3);
  EXPECT_EQ(sums.Total().score.n(), 4);
}

TEST(AccuracyTest, WithoutAMarginNothingIsTooClose) {
  AccuracySums sums(0);
  sums.AddPair("a", ScoreOf(1), ScoreOf(1));
  EXPECT_EQ(sums.Total().too_close, 0);
}

TEST(AccuracyTest, TheTotalWeighsPairsNotSubsets) {
  AccuracySums sums(0);
  for (int i = 0; i < 9; ++i) sums.AddPair("large", ScoreOf(1), ScoreOf(0));
  sums.AddPair("small", ScoreOf(0), ScoreOf(1));
  sums.AddError("small");
  const SubsetAccuracy total = sums.Total();
  EXPECT_DOUBLE_EQ(total.score.accuracy(), 0.9);
  EXPECT_EQ(total.errors, 1);
}

}  // namespace
}  // namespace assay::client
