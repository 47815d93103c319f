#include "client/eval/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/client/eval/eval_rows.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RowWith;
using ::assay::testing::ScoreOf;

TEST(AccuracyTest, OnlyAStrictlyHigherScoreWinsAndATieIsCountedApart) {
  Tally tally;
  tally.Add(1, 1, 0.5);
  tally.Add(0, 0.5, 0.5);
  tally.Add(0.5, -0.0F, 0.0F);
  tally.Add(0, 0.5, 1);
  tally.Add(1, std::numeric_limits<float>::denorm_min(), 0);
  EXPECT_EQ(tally.wins, 2);
  EXPECT_EQ(tally.ties, 2);
  EXPECT_EQ(tally.losses, 1);
  EXPECT_DOUBLE_EQ(tally.accuracy(), 2.5 / 5);
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
    const Interval interval = WilsonInterval(static_cast<double>(c.wins), c.n);
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
      const Interval interval = WilsonInterval(static_cast<double>(wins), n);
      EXPECT_LE(interval.low, static_cast<double>(wins) / static_cast<double>(n) + 1e-12);
      EXPECT_GE(interval.high, static_cast<double>(wins) / static_cast<double>(n) - 1e-12);
      EXPECT_GE(interval.low, 0);
      EXPECT_LE(interval.high, 1);
    }
    const Interval half = WilsonInterval(static_cast<double>(n) / 2, n);
    const double width = half.high - half.low;
    EXPECT_LT(width, last_width);
    last_width = width;
  }
}

TEST(AccuracyTest, SumsAreBySubsetAndByMeasureInTheOrderOfTheRows) {
  const auto subsets = SubsetAccuracies(
      {RowWith("b", 1, {ScoreOf(0, {2, 0})}, {ScoreOf(1, {1, 3})}),
       RowWith("a", 1, {ScoreOf(1, {0, 5})}, {ScoreOf(0, {1, 5})}), ErrorRow("b", 2)},
      {.objectives = 2});
  ASSERT_EQ(subsets.size(), 2);
  const SubsetAccuracy& b = subsets[0];
  const SubsetAccuracy& a = subsets[1];
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

TEST(AccuracyTest, ARowTooCloseToCallIsCountedApartAndStaysAWinATieOrALoss) {
  const auto subsets =
      SubsetAccuracies({RowWith("a", 1, {ScoreOf(1.25, {9})}, {ScoreOf(1, {0})}),
                        RowWith("a", 2, {ScoreOf(1, {9})}, {ScoreOf(1, {0})}),
                        // The objectives do not count.
                        RowWith("a", 3, {ScoreOf(1, {9})}, {ScoreOf(2, {9})}),
                        RowWith("b", 4, {ScoreOf(1, {9})}, {ScoreOf(1.25, {0})}), ErrorRow("b", 5)},
                       {.objectives = 1, .too_close = 0.5});
  const SubsetAccuracy& a = subsets[0];
  EXPECT_EQ(a.too_close, 2);
  EXPECT_EQ(a.score.wins, 1);
  EXPECT_EQ(a.score.ties, 1);
  EXPECT_EQ(a.score.losses, 1);
  EXPECT_EQ(subsets[1].too_close, 1);
  EXPECT_EQ(TotalAccuracy(subsets).too_close, 3);
  EXPECT_EQ(TotalAccuracy(subsets).score.n(), 4);
}

TEST(AccuracyTest, WithoutAMarginNothingIsTooClose) {
  EXPECT_EQ(SubsetAccuracies({PairWith("a", 1, 1, 1)}, {})[0].too_close, 0);
}

TEST(AccuracyTest, TheTotalWeighsRowsNotSubsets) {
  std::vector<EvalRow> rows = {PairWith("small", 0, 0, 1), ErrorRow("small", 1)};
  for (int i = 0; i < 9; ++i) rows.push_back(PairWith("large", i, 1, 0));
  const SubsetAccuracy total = TotalAccuracy(SubsetAccuracies(rows, {}));
  EXPECT_DOUBLE_EQ(total.score.accuracy(), 0.9);
  EXPECT_EQ(total.errors, 1);
}

TEST(AccuracyTest, TiesCountAsTheRuleSays) {
  const std::vector<EvalRow> rows = {PairWith("a", 1, 1, 1), PairWith("a", 2, 1, 0)};
  EXPECT_EQ(SubsetAccuracies(rows, {})[0].score.accuracy(), 0.5);
  const auto half = SubsetAccuracies(rows, {.ties = {.kind = TieRule::Kind::kHalf}});
  EXPECT_EQ(half[0].score.accuracy(), 0.75);
  EXPECT_EQ(half[0].score.ties, 1);
}

TEST(AccuracyTest, BestOfNIsSharedAndTellsItsMetric) {
  const auto subsets =
      SubsetAccuracies({RowWith("a", 1, {ScoreOf(1)}, {ScoreOf(1), ScoreOf(0), ScoreOf(0)}),
                        RowWith("a", 2, {ScoreOf(1)}, {ScoreOf(0), ScoreOf(0), ScoreOf(0)})},
                       {});
  EXPECT_EQ(subsets[0].score.accuracy(), 0.75);
  EXPECT_EQ(subsets[0].metric, Metric::kBestOfN);
}

// Chosen 0 < 1 < 2 in style, rejected the same: this model prefers style to truth.
TEST(AccuracyTest, StylesAreTheMatrixAboveOnAndBelowItsDiagonal) {
  const std::vector<EvalRow> rows = {
      RowWith("a", 1, {ScoreOf(1), ScoreOf(3), ScoreOf(5)}, {ScoreOf(0), ScoreOf(2), ScoreOf(4)})};
  const SubsetAccuracy a = SubsetAccuracies(rows, {})[0];
  ASSERT_TRUE(a.styles.has_value());
  EXPECT_EQ(a.styles->hard, 0);
  EXPECT_EQ(a.styles->normal, 1);
  EXPECT_EQ(a.styles->easy, 1);
  EXPECT_NEAR(a.score.accuracy(), 6.0 / 9, 1e-12);
  EXPECT_EQ(a.score.losses, 1);  // Not every chosen one is above every rejected one.
  EXPECT_FALSE(SubsetAccuracies(rows, {.metric = Metric::kAllAbove})[0].styles.has_value());
}

TEST(AccuracyTest, RowsOfSeveralShapesHaveNoMetricInCommon) {
  const auto subsets = SubsetAccuracies(
      {PairWith("a", 1, 1, 0), RowWith("a", 2, {ScoreOf(1)}, {ScoreOf(1), ScoreOf(1)})}, {});
  EXPECT_FALSE(subsets[0].metric.has_value());
  EXPECT_NEAR(subsets[0].score.accuracy(), (1 + 1.0 / 3) / 2, 1e-12);
}

TEST(AccuracyTest, ASubsetOfTiesIdsHasTheTiesScore) {
  std::vector<EvalRow> rows = {
      RowWith("Ties", "ref:1", {ScoreOf(9)}, {ScoreOf(1), ScoreOf(0)}),
      RowWith("Ties", "tied:1", {ScoreOf(9), ScoreOf(8)}, {ScoreOf(1), ScoreOf(0)})};
  SubsetAccuracy ties = SubsetAccuracies(rows, {})[0];
  ASSERT_TRUE(ties.ties.has_value());
  EXPECT_GT(ties.value(), 1);
  EXPECT_EQ(ties.score.accuracy(), 1);
  rows.push_back(RowWith("Ties", "else", {ScoreOf(9)}, {ScoreOf(1)}));
  EXPECT_FALSE(SubsetAccuracies(rows, {})[0].ties.has_value());
}

}  // namespace
}  // namespace assay::client
