#include "client/eval/credit.h"

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;

constexpr TieRule kLoss = {};
constexpr TieRule kHalf = {.kind = TieRule::Kind::kHalf};

Comparison WithSizes(size_t chosen, size_t rejected, Json id = 1) {
  return {.id = std::move(id),
          .subset = "s",
          .chosen = std::vector<std::string>(chosen, "c"),
          .rejected = std::vector<std::string>(rejected, "r")};
}

TEST(CreditTest, BestOfNIsSharedByThoseAtTheTop) {
  EXPECT_EQ(Credit(Metric::kBestOfN, kLoss, 0, {3}, {1, 2, 0}), 1);
  EXPECT_EQ(Credit(Metric::kBestOfN, kLoss, 0, {3}, {3, 2, 0}), 0.5);
  EXPECT_EQ(Credit(Metric::kBestOfN, kLoss, 0, {3}, {3, 3, 3}), 0.25);
  EXPECT_EQ(Credit(Metric::kBestOfN, kLoss, 0, {3}, {4, 3, 3}), 0);
  EXPECT_EQ(Credit(Metric::kBestOfN, kHalf, 0, {3}, {3, 2, 0}), 0.5);
  EXPECT_EQ(Credit(Metric::kBestOfN, kLoss, 0, {1, 3}, {2, 3, 3}), 1.0 / 3);
}

TEST(CreditTest, AllAboveWantsEveryChosenOneStrictlyAboveEveryRejectedOne) {
  EXPECT_EQ(Credit(Metric::kAllAbove, kLoss, 0, {2}, {1}), 1);
  EXPECT_EQ(Credit(Metric::kAllAbove, kLoss, 0, {1}, {2}), 0);
  EXPECT_EQ(Credit(Metric::kAllAbove, kLoss, 0, {5, 2, 3}, {1, 0}), 1);
  EXPECT_EQ(Credit(Metric::kAllAbove, kLoss, 0, {5, 2, 3}, {1, 2.5F}), 0);
}

TEST(CreditTest, ATieIsWorthWhatTheRuleSays) {
  EXPECT_EQ(Credit(Metric::kAllAbove, kLoss, 0, {1}, {1}), 0);
  EXPECT_EQ(Credit(Metric::kAllAbove, kLoss, 0, {0.0F}, {-0.0F}), 0);
  EXPECT_EQ(Credit(Metric::kAllAbove, kHalf, 0, {1}, {1}), 0.5);
  EXPECT_EQ(Credit(Metric::kMatrix, kHalf, 0, {1, 1}, {1, 0}), 0.75);
}

TEST(CreditTest, ACoinFallsTheSameWayForTheSameRowAndHalfTheTimeOverall) {
  const TieRule coin = {.kind = TieRule::Kind::kCoin, .seed = 7};
  double heads = 0;
  double other_seeds_differ = 0;
  constexpr int kRows = 10'000;
  for (int i = 0; i < kRows; ++i) {
    const uint64_t row = CoinOf(WithSizes(1, 1, i));
    const double side = Credit(Metric::kAllAbove, coin, row, {1}, {1});
    ASSERT_TRUE(side == 0 || side == 1);
    ASSERT_EQ(side, Credit(Metric::kAllAbove, coin, row, {9}, {9}));
    heads += side;
    const TieRule other = {.kind = TieRule::Kind::kCoin, .seed = 8};
    if (side != Credit(Metric::kAllAbove, other, row, {1}, {1})) ++other_seeds_differ;
  }
  EXPECT_NEAR(heads / kRows, 0.5, 0.02);  // Four standard deviations.
  EXPECT_NEAR(other_seeds_differ / kRows, 0.5, 0.02);
}

TEST(CreditTest, ACoinDependsOnSubsetAndId) {
  std::set<uint64_t> coins;
  for (const char* subset : {"a", "b", "ab"}) {
    for (const Json& id : {Json(1), Json("1"), Json("b1"), Json(11)}) {
      Comparison row = WithSizes(1, 1, id);
      row.subset = subset;
      coins.insert(CoinOf(row));
    }
  }
  EXPECT_EQ(coins.size(), 12);
}

TEST(CreditTest, TheMatrixIsTheShareOfAllPairs) {
  EXPECT_EQ(Credit(Metric::kMatrix, kLoss, 0, {1, 2, 3}, {0, 0, 0}), 1);
  EXPECT_EQ(Credit(Metric::kMatrix, kLoss, 0, {1, 2, 3}, {1, 2, 3}), 3.0 / 9);
  EXPECT_EQ(Credit(Metric::kMatrix, kLoss, 0, {0, 0, 0}, {1, 2, 3}), 0);
}

TEST(CreditTest, CreditIsBetweenNoneAndAllAndNoneOfItIsLostToOrder) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> score(0, 3);
  for (int i = 0; i < 2000; ++i) {
    std::vector<float> chosen(1 + i % 3);
    std::vector<float> rejected(1 + i % 3);
    for (float& s : chosen) s = static_cast<float>(score(random));
    for (float& s : rejected) s = static_cast<float>(score(random));
    for (const Metric metric : {Metric::kAllAbove, Metric::kBestOfN, Metric::kMatrix}) {
      const double credit = Credit(metric, kHalf, 0, chosen, rejected);
      EXPECT_GE(credit, 0);
      EXPECT_LE(credit, 1);
      EXPECT_NEAR(credit,
                  Credit(metric, kHalf, 0, {chosen.rbegin(), chosen.rend()},
                         {rejected.rbegin(), rejected.rend()}),
                  1e-12);
    }
    // What one side has of a matrix, the other lacks.
    EXPECT_NEAR(Credit(Metric::kMatrix, kHalf, 0, chosen, rejected) +
                    Credit(Metric::kMatrix, kHalf, 0, rejected, chosen),
                1, 1e-12);
  }
}

TEST(CreditTest, ARowsShapeSaysItsMetric) {
  EXPECT_EQ(MetricOf(WithSizes(1, 1)), Metric::kAllAbove);
  EXPECT_EQ(MetricOf(WithSizes(1, 3)), Metric::kBestOfN);
  EXPECT_EQ(MetricOf(WithSizes(3, 3)), Metric::kMatrix);
  EXPECT_EQ(MetricOf(WithSizes(2, 3)), Metric::kAllAbove);
  EXPECT_EQ(MetricOf(WithSizes(1, 3, "ref:12")), Metric::kAllAbove);
  EXPECT_EQ(MetricOf(WithSizes(4, 4, "tied:0")), Metric::kAllAbove);
  for (const Json& id : {Json("ref:"), Json("ref:x"), Json("tied"), Json("xref:1"), Json(1)})
    EXPECT_FALSE(IsTiesId(id)) << id;
}

TEST(CreditTest, TieRulesHaveNames) {
  for (const char* name : {"loss", "half", "coin:0", "coin:18446744073709551615"}) {
    ASSERT_OK_AND_ASSIGN(const TieRule rule, ParseTieRule(name));
    EXPECT_EQ(TieRuleName(rule), name);
  }
  for (const char* name : {"", "win", "coin", "coin:", "coin:x", "coin:-1", "half:1"}) {
    EXPECT_THAT(ParseTieRule(name), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
}

}  // namespace
}  // namespace assay::client
