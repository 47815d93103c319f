#include "client/eval/run_difference.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/client/eval/eval_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RowWith;
using ::assay::testing::RunOf;
using ::assay::testing::ScoreOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

FinishedRun Finished(std::vector<EvalRow> rows, const std::string& revision = "one") {
  FinishedRun finished = {.run = RunOf(), .rows = std::move(rows)};
  finished.run.model.revision = revision;
  return finished;
}

// Rows of a few subsets of RewardBench and others, with random scores of which some are equal, one
// against one, best of four and matrices.
FinishedRun RandomRun(uint32_t seed, const std::string& revision) {
  std::mt19937 random(seed);
  const auto score = [&random] { return ScoreOf(static_cast<float>(random() % 7) - 3); };
  std::vector<EvalRow> rows;
  for (int i = 0; i < 300; ++i) {
    const char* subset =
        (const char*[]){"hep-cpp", "math-prm", "mt-bench-hard", "shp", "own"}[i % 5];
    rows.push_back(RowWith(subset, i, {score()}, {score()}));
  }
  for (int i = 0; i < 40; ++i) {
    rows.push_back(RowWith("best", i, {score()}, {score(), score(), score()}));
    rows.push_back(RowWith("matrix", i, {score(), score(), score()}, {score(), score(), score()}));
  }
  return Finished(std::move(rows), revision);
}

std::vector<AccuracyDifference> All(const RunDifference& difference) {
  std::vector<AccuracyDifference> all = difference.subsets;
  all.insert(all.end(), difference.sections.begin(), difference.sections.end());
  if (difference.benchmark.has_value()) all.push_back(*difference.benchmark);
  all.push_back(difference.total);
  return all;
}

TEST(RunDifferenceTest, ARunDiffersInNothingFromItself) {
  const FinishedRun run = RandomRun(1, "one");
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(run, run, {}));
  ASSERT_EQ(difference.subsets.size(), 7);
  EXPECT_EQ(difference.sections.size(), 3);
  for (const AccuracyDifference& one : All(difference)) {
    EXPECT_EQ(one.difference(), 0) << one.name;
    EXPECT_EQ(one.only_a + one.only_b, 0);
    EXPECT_EQ(one.p, 1);
    EXPECT_EQ(one.p_worse, 1);
    EXPECT_NEAR(one.interval->low, -one.interval->high, 1e-12);
  }
  EXPECT_THAT(difference.flips, IsEmpty());
  EXPECT_THAT(WorseIn(difference, 0.999), IsEmpty());
  ASSERT_TRUE(difference.scores.has_value());
  EXPECT_EQ(difference.scores->n, 300 * 2 + 40 * 4 + 40 * 6);
  EXPECT_EQ(difference.scores->not_bit_equal, 0);
  EXPECT_EQ(difference.scores->largest, 0);
}

TEST(RunDifferenceTest, ExchangingTheRunsTurnsEverythingRound) {
  const FinishedRun a = RandomRun(1, "one");
  const FinishedRun b = RandomRun(2, "two");
  for (const TieRule& ties : {TieRule{}, TieRule{.kind = TieRule::Kind::kHalf},
                              TieRule{.kind = TieRule::Kind::kCoin, .seed = 3}}) {
    const CompareOptions options = {.summary = {.ties = ties}};
    ASSERT_OK_AND_ASSIGN(const RunDifference there, CompareRuns(a, b, options));
    ASSERT_OK_AND_ASSIGN(const RunDifference back, CompareRuns(b, a, options));
    const std::vector<AccuracyDifference> forth = All(there);
    const std::vector<AccuracyDifference> turned = All(back);
    ASSERT_EQ(forth.size(), turned.size());
    for (size_t i = 0; i < forth.size(); ++i) {
      EXPECT_NEAR(forth[i].difference(), -turned[i].difference(), 1e-12) << forth[i].name;
      EXPECT_NEAR(forth[i].interval->low, -turned[i].interval->high, 1e-12);
      EXPECT_NEAR(forth[i].interval->high, -turned[i].interval->low, 1e-12);
      EXPECT_EQ(forth[i].only_a, turned[i].only_b);
      EXPECT_EQ(forth[i].p, turned[i].p);
      EXPECT_GE(forth[i].p_worse + turned[i].p_worse, 1);
    }
    ASSERT_EQ(there.flips.size(), back.flips.size());
    for (size_t i = 0; i < there.flips.size(); ++i) {
      EXPECT_EQ(there.flips[i].id, back.flips[i].id);
      EXPECT_EQ(there.flips[i].credit_a, back.flips[i].credit_b);
      EXPECT_EQ(there.flips[i].margin_a, back.flips[i].margin_b);
    }
  }
}

// The rows' credits and the summaries' are counted in two places.
TEST(RunDifferenceTest, RowsAddUpToTheAccuraciesWhateverTheMeasure) {
  for (const std::optional<Metric> metric :
       {std::optional<Metric>(), std::optional(Metric::kAllAbove), std::optional(Metric::kBestOfN),
        std::optional(Metric::kMatrix)}) {
    ASSERT_OK_AND_ASSIGN(
        const RunDifference difference,
        CompareRuns(RandomRun(1, "one"), RandomRun(2, "two"), {.summary = {.metric = metric}}));
    double flipped = 0;
    for (const Flip& flip : difference.flips) flipped += flip.credit_b - flip.credit_a;
    const AccuracyDifference& total = difference.total;
    EXPECT_NEAR(flipped, total.difference() * static_cast<double>(total.rows), 1e-9);
    EXPECT_EQ(total.only_a + total.only_b, static_cast<int64_t>(difference.flips.size()));
    EXPECT_EQ(total.rows, 380);
    int64_t only_a = 0;
    for (const AccuracyDifference& subset : difference.subsets) only_a += subset.only_a;
    EXPECT_EQ(only_a, total.only_a);
  }
}

TEST(RunDifferenceTest, ASubsetHasTheCountsTheIntervalAndTheTestOfItsRows) {
  // Right in both 1, in A alone 7, in B alone 1, in neither 12.
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 21; ++i) {
    const bool right_in_a = i < 8;
    const bool right_in_b = i < 1 || i == 20;
    a.push_back(PairWith("s", i, right_in_a ? 1.0F : 0, 0.5F));
    b.push_back(PairWith("s", i, right_in_b ? 1.0F : 0, 0.5F));
  }
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(Finished(a), Finished(b), {}));
  ASSERT_EQ(difference.subsets.size(), 1);
  const AccuracyDifference& subset = difference.subsets[0];
  EXPECT_EQ(subset.name, "s");
  EXPECT_EQ(subset.rows, 21);
  EXPECT_DOUBLE_EQ(subset.a, 8.0 / 21);
  EXPECT_DOUBLE_EQ(subset.b, 2.0 / 21);
  EXPECT_EQ(subset.only_a, 7);
  EXPECT_EQ(subset.only_b, 1);
  EXPECT_NEAR(subset.p, 0.0703125, 1e-12);
  EXPECT_NEAR(subset.p_worse, 9.0 / 256, 1e-12);
  EXPECT_NEAR(*subset.p_holm, subset.p, 1e-12);
  EXPECT_NEAR(subset.interval->low, -0.507, 5e-4);  // The published one: see paired_test_test.cc.
  EXPECT_NEAR(subset.interval->high, -0.026, 5e-4);
  EXPECT_EQ(difference.total.p, subset.p);
  EXPECT_FALSE(difference.total.p_holm.has_value());
  EXPECT_FALSE(difference.benchmark.has_value());
}

TEST(RunDifferenceTest, HolmCountsTheSubsets) {
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 8; ++i) {
    for (const char* subset : {"s", "t", "u"}) {
      const bool flips = subset[0] == 's' || (subset[0] == 't' && i < 6);
      a.push_back(PairWith(subset, i, 1, 0));
      b.push_back(PairWith(subset, i, flips ? -1.0F : 1.0F, 0));
    }
  }
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(Finished(a), Finished(b), {}));
  EXPECT_NEAR(*difference.subsets[0].p_holm, 3 * 2.0 / 256, 1e-12);
  EXPECT_NEAR(*difference.subsets[1].p_holm, 2 * 2.0 / 64, 1e-12);
  EXPECT_EQ(*difference.subsets[2].p_holm, 1);
}

// math-prm weighs 984 in Reasoning, hep-cpp 164, whatever rows they have.
TEST(RunDifferenceTest, ASectionWeighsItsSubsetsAsTheBenchmarkDoesAndItsTestTheRows) {
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 10; ++i) {
    a.push_back(PairWith("math-prm", i, 1, 0));
    b.push_back(PairWith("math-prm", i, i < 4 ? -1.0F : 1.0F, 0));
    a.push_back(PairWith("hep-cpp", i, 1, 0));
    b.push_back(PairWith("hep-cpp", i, i < 1 ? -1.0F : 1.0F, 0));
    a.push_back(PairWith("own", i, 0, 1));
    b.push_back(PairWith("own", i, 0, 1));
  }
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(Finished(a), Finished(b), {}));
  ASSERT_EQ(difference.sections.size(), 1);
  const AccuracyDifference& reasoning = difference.sections[0];
  EXPECT_EQ(reasoning.name, "Reasoning");
  EXPECT_EQ(reasoning.rows, 20);
  const double w = 984.0 / (984 + 164);
  EXPECT_NEAR(reasoning.b, w * 0.6 + (1 - w) * 0.9, 1e-12);
  EXPECT_EQ(reasoning.only_a, 5);
  EXPECT_NEAR(reasoning.p, 2.0 / 32, 1e-12);
  const AccuracyDifference& math = difference.subsets[0];
  const AccuracyDifference& code = difference.subsets[1];
  EXPECT_NEAR(
      reasoning.interval->low,
      reasoning.difference() - std::hypot(w * (math.difference() - math.interval->low),
                                          (1 - w) * (code.difference() - code.interval->low)),
      1e-12);
  EXPECT_EQ(difference.benchmark->name, "RewardBench");
  EXPECT_NEAR(difference.benchmark->difference(), reasoning.difference(), 1e-12);
  EXPECT_NEAR(difference.benchmark->interval->low, reasoning.interval->low, 1e-12);
  EXPECT_EQ(difference.total.rows, 30);
}

TEST(RunDifferenceTest, TheWeightsOfMay2024AreTakenWhereAskedFor) {
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 4; ++i) {
    a.push_back(PairWith("xstest-should-refuse", i, 1, 0));
    b.push_back(PairWith("xstest-should-refuse", i, -1, 0));
    a.push_back(PairWith("xstest-should-respond", i, 1, 0));
    b.push_back(PairWith("xstest-should-respond", i, 1, 0));
  }
  ASSERT_OK_AND_ASSIGN(const RunDifference today, CompareRuns(Finished(a), Finished(b), {}));
  ASSERT_OK_AND_ASSIGN(
      const RunDifference then,
      CompareRuns(Finished(a), Finished(b), {.summary = {.weighting = Weighting::kMay2024}}));
  EXPECT_NEAR(today.sections[0].difference(), -154.0 / 404, 1e-12);
  EXPECT_NEAR(then.sections[0].difference(), -250.0 / 404, 1e-12);
  EXPECT_LT(then.sections[0].interval->low, today.sections[0].interval->low);
}

TEST(RunDifferenceTest, RewardBench2sTiesHasItsOwnScoreAndNoIntervalButATestOfItsRows) {
  const auto rows = [](float wrong) {
    return std::vector<EvalRow>{
        RowWith("Ties", "ref:1", {ScoreOf(2)}, {ScoreOf(wrong)}),
        RowWith("Ties", "tied:1", {ScoreOf(2), ScoreOf(1.9F)}, {ScoreOf(wrong)}),
        RowWith("Math", "m", {ScoreOf(1)}, {ScoreOf(0), ScoreOf(0), ScoreOf(0)})};
  };
  ASSERT_OK_AND_ASSIGN(const RunDifference difference,
                       CompareRuns(Finished(rows(0)), Finished(rows(3)), {}));
  const AccuracyDifference& ties = difference.subsets[0];
  EXPECT_GT(ties.a, 0.99);
  EXPECT_LT(ties.b, 0.01);
  EXPECT_FALSE(ties.interval.has_value());
  EXPECT_EQ(ties.only_a, 2);
  EXPECT_TRUE(difference.subsets[1].interval.has_value());
  EXPECT_EQ(difference.benchmark->name, "RewardBench 2");
  EXPECT_FALSE(difference.benchmark->interval.has_value());
  EXPECT_TRUE(difference.total.interval.has_value());
}

TEST(RunDifferenceTest, FlipsComeTheSurestFirstWithBothMarginsAndWhetherTooClose) {
  const std::vector<EvalRow> a = {PairWith("s", 1, 0.1F, 0), PairWith("s", 2, -2, 0),
                                  PairWith("s", 3, 1, 0)};
  const std::vector<EvalRow> b = {PairWith("s", 1, -0.3F, 0), PairWith("s", 2, 1, 0),
                                  PairWith("s", 3, 2, 0)};
  ASSERT_OK_AND_ASSIGN(const RunDifference known,
                       CompareRuns(Finished(a), Finished(b), {.summary = {.too_close = 0.2}}));
  ASSERT_EQ(known.flips.size(), 2);
  EXPECT_EQ(known.flips[0].id, 2);
  EXPECT_EQ(known.flips[0].margin_a, -2);
  EXPECT_EQ(known.flips[0].margin_b, 1);
  EXPECT_EQ(known.flips[0].credit_a, 0);
  EXPECT_EQ(known.flips[0].credit_b, 1);
  EXPECT_EQ(known.flips[0].too_close_a, false);
  EXPECT_EQ(known.flips[1].id, 1);
  EXPECT_EQ(known.flips[1].too_close_a, true);
  EXPECT_EQ(known.flips[1].too_close_b, false);
  ASSERT_OK_AND_ASSIGN(const RunDifference unknown, CompareRuns(Finished(a), Finished(b), {}));
  EXPECT_EQ(unknown.flips[0].too_close_a, std::nullopt);
}

TEST(RunDifferenceTest, WhatIsTooCloseIsEachRunsOwn) {
  FinishedRun a = Finished({PairWith("s", 1, 0.1F, 0)});
  FinishedRun b = Finished({PairWith("s", 1, -0.1F, 0)});
  b.run.model.score_error = ScoreError{.margin = {.n = 9, .percentile_99 = 0.5}};
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(a, b, {}));
  EXPECT_EQ(difference.flips[0].too_close_a, std::nullopt);
  EXPECT_EQ(difference.flips[0].too_close_b, true);
}

TEST(RunDifferenceTest, ANewBuildsScoresAreToldApartToTheLastBit) {
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(PairWith("s", i, 1, 0));
    b.push_back(a.back());
  }
  b[3].chosen[0].score = std::nextafter(1.0F, 2.0F);
  b[4].rejected[0].score = -0.0F;
  b[5].chosen[0].score = 1.5F;
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(Finished(a), Finished(b), {}));
  EXPECT_EQ(difference.scores->n, 200);
  EXPECT_EQ(difference.scores->not_bit_equal, 3);
  EXPECT_EQ(difference.scores->largest, 0.5);
  EXPECT_EQ(difference.scores->percentile_99, 0);  // The 198th of 200.
  EXPECT_THAT(difference.flips, IsEmpty());
}

TEST(RunDifferenceTest, The99thPercentileIsByNearestRank) {
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 50; ++i) {
    a.push_back(PairWith("s", i, 0, 0));
    b.push_back(PairWith("s", i, static_cast<float>(2 * i + 1), static_cast<float>(2 * i + 2)));
  }
  ASSERT_OK_AND_ASSIGN(const RunDifference difference, CompareRuns(Finished(a), Finished(b), {}));
  EXPECT_EQ(difference.scores->percentile_99, 99);
  EXPECT_EQ(difference.scores->largest, 100);
}

TEST(RunDifferenceTest, ScoresOfTwoRevisionsAreComparedOnlyWhereAskedFor) {
  const std::vector<EvalRow> rows = {PairWith("s", 1, 1, 0)};
  ASSERT_OK_AND_ASSIGN(const RunDifference by_default,
                       CompareRuns(Finished(rows, "one"), Finished(rows, "two"), {}));
  EXPECT_FALSE(by_default.scores.has_value());
  ASSERT_OK_AND_ASSIGN(const RunDifference asked,
                       CompareRuns(Finished(rows, "one"), Finished(rows, "two"),
                                   {.scores = CompareOptions::Scores::kAlways}));
  EXPECT_EQ(asked.scores->not_bit_equal, 0);
}

TEST(RunDifferenceTest, RowsLeftOutAreNoPartOfAnyNumber) {
  ASSERT_OK_AND_ASSIGN(
      const RunDifference difference,
      CompareRuns(
          Finished({PairWith("s", 1, 1, 0), ErrorRow("s", 2), PairWith("gone", 1, 1, 0)}),
          Finished({PairWith("s", 1, -1, 0), PairWith("s", 2, 1, 0), PairWith("new", 1, 1, 0)}),
          {}));
  EXPECT_EQ(difference.total.rows, 1);
  EXPECT_EQ(difference.subsets.size(), 1);
  EXPECT_EQ(difference.total.a, 1);
  EXPECT_EQ(difference.total.b, 0);
  EXPECT_EQ(difference.with_errors, 1);
  EXPECT_EQ(difference.errors_a, 1);
  EXPECT_EQ(difference.only_a.count, 1);
  EXPECT_EQ(difference.only_b.count, 1);
}

TEST(RunDifferenceTest, WorseIsWhatIsWorseOverAllRowsOrInASectionAndNotWhatIsBetter) {
  std::vector<EvalRow> a;
  std::vector<EvalRow> b;
  for (int i = 0; i < 10; ++i) {  // Reasoning falls, Chat rises as far.
    a.push_back(PairWith("hep-go", i, 1, 0));
    b.push_back(PairWith("hep-go", i, -1, 0));
    a.push_back(PairWith("mt-bench-easy", i, -1, 0));
    b.push_back(PairWith("mt-bench-easy", i, 1, 0));
  }
  ASSERT_OK_AND_ASSIGN(const RunDifference mixed, CompareRuns(Finished(a), Finished(b), {}));
  EXPECT_EQ(mixed.total.difference(), 0);
  EXPECT_THAT(WorseIn(mixed, 0.01), ElementsAre("Reasoning"));
  EXPECT_THAT(WorseIn(mixed, 0.0009), IsEmpty());  // p_worse is 2^-10.
  for (EvalRow& row : a) row.chosen[0].score = 1;
  ASSERT_OK_AND_ASSIGN(const RunDifference worse, CompareRuns(Finished(a), Finished(b), {}));
  EXPECT_THAT(WorseIn(worse, 0.01), ElementsAre(worse.total.name, "Reasoning"));
  ASSERT_OK_AND_ASSIGN(const RunDifference better, CompareRuns(Finished(b), Finished(a), {}));
  EXPECT_THAT(WorseIn(better, 0.5), IsEmpty());
}

}  // namespace
}  // namespace assay::client
