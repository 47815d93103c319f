#include "client/eval/eval_summary.h"

#include "tests/client/eval/eval_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RowWith;
using ::assay::testing::RunOf;
using ::assay::testing::ScoreOf;

TEST(EvalSummaryTest, TheJsonHasTheCountsTheIntervalsAndTheHashes) {
  FinishedRun finished = {.run = RunOf(2)};
  for (int i = 0; i < 4; ++i) {
    finished.rows.push_back(
        RowWith("s", i, {ScoreOf(1, {1, 1})}, {ScoreOf(static_cast<float>(i), {0, 0})}));
  }
  finished.rows.push_back(ErrorRow("s", 9));
  const Json json = SummaryJson(Summarize(finished, {.too_close = 0.5}));
  EXPECT_EQ(json["model"]["revision"], "0123456789abcdef");
  EXPECT_EQ(json["data"], Json({"a.jsonl"}));
  EXPECT_EQ(json["ties"], "loss");
  EXPECT_EQ(json["tokens"], 80);
  EXPECT_EQ(json["too_close"], Json({{"margin", 0.5}, {"source", "user"}}));
  EXPECT_TRUE(json["benchmark"].is_null());
  const Json& first = json["subsets"][0];
  EXPECT_EQ(first["subset"], "s");
  EXPECT_EQ(first["rows"], 4);
  EXPECT_EQ(first["errors"], 1);
  EXPECT_EQ(first["too_close"], 1);
  EXPECT_EQ(first["metric"], "all-above");
  EXPECT_EQ(first["score"]["wins"], 1);
  EXPECT_EQ(first["score"]["ties"], 1);
  EXPECT_EQ(first["score"]["losses"], 2);
  EXPECT_EQ(first["score"]["accuracy"], 0.25);
  EXPECT_EQ(first["objectives"]["objective-1"]["wins"], 4);
  EXPECT_EQ(json["all_rows"]["rows"], 4);
}

TEST(EvalSummaryTest, WithoutAKnownErrorNothingIsTooClose) {
  const Json json = SummaryJson(Summarize({.run = RunOf(), .rows = {PairWith("s", 1, 1, 1)}}, {}));
  EXPECT_TRUE(json["too_close"].is_null());
  EXPECT_FALSE(json["all_rows"].contains("too_close"));
}

TEST(EvalSummaryTest, SectionsFollowFromTheSubsetsAndAbsentOnesAreNull) {
  const Json json =
      SummaryJson(Summarize({.run = RunOf(), .rows = {PairWith("hep-go", 1, 1, 0)}}, {}));
  EXPECT_EQ(json["benchmark"]["benchmark"], "RewardBench");
  EXPECT_EQ(json["benchmark"]["partial"], true);
  EXPECT_TRUE(json["benchmark"]["sections"][0]["score"].is_null());
  EXPECT_EQ(json["benchmark"]["sections"][3]["score"], 1);
}

TEST(EvalSummaryTest, PairsInASubsetOfTheSecondBenchmarksNameAreNotIt) {
  EXPECT_FALSE(
      Summarize({.run = RunOf(), .rows = {PairWith("Math", 1, 1, 0)}}, {}).benchmark.has_value());
  const EvalRow row = RowWith("Math", "1", {ScoreOf(1)}, {ScoreOf(0), ScoreOf(0), ScoreOf(0)});
  const EvalSummary summary = Summarize({.run = RunOf(), .rows = {row}}, {});
  ASSERT_TRUE(summary.benchmark.has_value());
  EXPECT_EQ(summary.benchmark->benchmark, kRewardBench2Name);
}

TEST(EvalSummaryTest, EqualRowsGiveEqualBytes) {
  const FinishedRun finished = {.run = RunOf(), .rows = {PairWith("s", 1, 1, 0.3F)}};
  EXPECT_EQ(SummaryJson(Summarize(finished, {})).dump(),
            SummaryJson(Summarize(finished, {})).dump());
}

}  // namespace
}  // namespace assay::client
