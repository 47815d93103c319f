#include "client/eval/report/objective_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/eval_rows.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::RowWith;
using testing::ScoreOf;

// Coefficients of ScoreOf() are 0.5 each.
EvalRow Row(std::vector<float> chosen, std::vector<float> rejected) {
  const auto sum = [](const std::vector<float>& rewards) {
    float score = 0;
    for (const float reward : rewards) score += 0.5F * reward;
    return score;
  };
  return RowWith("a", 0, {ScoreOf(sum(chosen), chosen)}, {ScoreOf(sum(rejected), rejected)});
}

TEST(ObjectiveSharesTest, MeansAreOverRightAndOverWrongRows) {
  const ObjectiveShares shares = ShareMargins(
      {Row({4, 0}, {0, 0}), Row({0, 2}, {0, 0}), Row({0, 1}, {6, 0}), testing::ErrorRow("a", 1)},
      2);
  EXPECT_EQ(shares.wins, 2);
  EXPECT_EQ(shares.losses, 1);
  EXPECT_DOUBLE_EQ(shares.objectives[0].in_wins, 1);
  EXPECT_DOUBLE_EQ(shares.objectives[1].in_wins, 0.5);
  EXPECT_DOUBLE_EQ(shares.objectives[0].in_losses, -3);
  EXPECT_DOUBLE_EQ(shares.objectives[1].in_losses, 0.5);
}

TEST(ObjectiveSharesTest, TheObjectiveThatDidMostIsTheWinningSidesAndOfEqualOnesTheFirst) {
  const ObjectiveShares shares = ShareMargins(
      {Row({4, 0}, {0, 0}), Row({2, 2}, {0, 0}), Row({0, 3}, {2, 0}), Row({0, 0}, {1, 2})}, 2);
  EXPECT_EQ(shares.objectives[0].first_in_wins, 2);
  EXPECT_EQ(shares.objectives[1].first_in_wins, 1);
  EXPECT_EQ(shares.objectives[0].first_in_losses, 0);
  EXPECT_EQ(shares.objectives[1].first_in_losses, 1);
}

TEST(ObjectiveSharesTest, TiesAndRowsWithoutRewardsCountNowhere) {
  const ObjectiveShares shares =
      ShareMargins({Row({1, 0}, {0, 1}), testing::PairWith("a", 1, 2, 1)}, 2);
  EXPECT_EQ(shares.wins + shares.losses, 0);
  EXPECT_EQ(shares.objectives[0].in_wins, 0);
  EXPECT_THAT(ShareMargins({Row({1}, {0})}, 0).objectives, IsEmpty());
}

TEST(ObjectiveSharesTest, SharesAreOfThePairThatDecides) {
  const EvalRow row =
      RowWith("a", 0, {ScoreOf(5, {10}), ScoreOf(1, {2})}, {ScoreOf(-1, {-2}), ScoreOf(2, {4})});
  EXPECT_THAT(MarginShares(row), ElementsAre(-1)) << "the lowest chosen, the highest rejected";
}

TEST(ObjectiveSharesTest, WhatTurnedARowIsNegativeAndTheLargestFirst) {
  EXPECT_THAT(TurnedBy({-1, 2, -3, -2, 0}, 3), ElementsAre(2, 3, 0));
  EXPECT_THAT(TurnedBy({-1, 2, -3, -1}, 2), ElementsAre(2, 0));
  EXPECT_THAT(TurnedBy({1, 0}, 3), IsEmpty());
}

}  // namespace
}  // namespace assay::client
