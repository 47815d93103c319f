#include "client/eval/report/margin_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/eval_rows.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using testing::PairWith;

TEST(MarginHistogramTest, WinsAndLossesAreCountedOutwardsFromZero) {
  const MarginHistogram histogram =
      CountMargins({0.05, 0.1, 0.15, -0.05, -0.3, 0, 0}, {.width = 0.1, .per_side = 3});
  EXPECT_THAT(histogram.wins, ElementsAre(2, 1, 0)) << "an edge belongs to the inner bin";
  EXPECT_THAT(histogram.losses, ElementsAre(1, 0, 1));
  EXPECT_EQ(histogram.ties, 2);
  EXPECT_EQ(histogram.beyond, 0);
  EXPECT_EQ(histogram.largest_bin(), 2);
}

TEST(MarginHistogramTest, WhatIsBeyondTheBinsIsInTheOutermostOnesAndCounted) {
  const MarginHistogram histogram = CountMargins({5, 1e30, -7, 0.5}, {.width = 1, .per_side = 2});
  EXPECT_THAT(histogram.wins, ElementsAre(1, 2));
  EXPECT_THAT(histogram.losses, ElementsAre(0, 1));
  EXPECT_EQ(histogram.beyond, 3);
}

TEST(MarginHistogramTest, EveryMarginIsCountedOnce) {
  std::vector<double> margins;
  for (int i = -500; i < 1000; ++i) margins.push_back(i * 0.0137);
  const MarginHistogram histogram = CountMargins(margins, ChooseBins(margins));
  int64_t sum = histogram.ties;
  for (size_t i = 0; i < histogram.bins.per_side; ++i)
    sum += histogram.wins[i] + histogram.losses[i];
  EXPECT_EQ(sum, 1500);
}

TEST(MarginHistogramTest, BinsAreRoundAndReachToNearlyAllMargins) {
  std::vector<double> margins(99, 0.03);
  margins.push_back(1000);
  const MarginBins bins = ChooseBins(margins);
  EXPECT_DOUBLE_EQ(bins.width, 0.002);
  EXPECT_EQ(bins.per_side, 15U);
}

TEST(MarginHistogramTest, BinsAreThereWhateverTheMargins) {
  EXPECT_EQ(ChooseBins({}).per_side, 1U);
  EXPECT_EQ(ChooseBins({0, 0}).per_side, 1U);
  const MarginBins bins = ChooseBins({-1e-6});
  EXPECT_GT(bins.width, 0);
  EXPECT_GE(bins.width * static_cast<double>(bins.per_side), 1e-6);
}

TEST(MarginHistogramTest, MarginsAreOfScoredRowsOfTheSubset) {
  const std::vector<EvalRow> rows = {PairWith("a", 0, 2, 1), PairWith("b", 1, 1, 4),
                                     testing::ErrorRow("a", 2)};
  EXPECT_THAT(MarginsOf(rows, ""), ElementsAre(1, -3));
  EXPECT_THAT(MarginsOf(rows, "a"), ElementsAre(1));
}

}  // namespace
}  // namespace assay::client
