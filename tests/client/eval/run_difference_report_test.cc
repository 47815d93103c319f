#include "client/eval/run_difference_report.h"

#include <gmock/gmock.h>

#include "absl/strings/str_split.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RunOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// Reasoning: right in both 1, in A alone 7, in B alone 1, in neither 12; and rows left out.
RunDifference SomeDifference(const CompareOptions& options = {},
                             const std::string& revision_of_b = "fedcba9876543210") {
  FinishedRun a = {.run = RunOf()};
  FinishedRun b = {.run = RunOf()};
  b.run.model.revision = revision_of_b;
  for (int i = 0; i < 21; ++i) {
    a.rows.push_back(PairWith("hep-go", i, i < 8 ? 1.0F : 0, 0.5F));
    b.rows.push_back(PairWith("hep-go", i, i < 1 || i == 20 ? 1.0F : 0, 0.5F));
  }
  a.rows.push_back(PairWith("own", "x", 1, 0));
  b.rows.push_back(PairWith("own", "x", 1, 0));
  a.rows.push_back(ErrorRow("own", "bad"));
  b.rows.push_back(PairWith("own", "bad", 1, 0));
  for (int i = 0; i < 7; ++i) b.rows.push_back(PairWith("own", i, 1, 0));
  return *CompareRuns(a, b, options);
}

TEST(RunDifferenceReportTest, TheTableHasSubsetsSectionsTheBenchmarkAndAllRows) {
  const std::string text = RenderDifference(SomeDifference(), 20);
  EXPECT_THAT(text, ContainsRegex("subset +rows +A % +B % +B - A +95 % interval +only A +only B +p "
                                  "+p, Holm"));
  EXPECT_THAT(text, ContainsRegex("hep-go +21 +38.1 +9.5 +-28.6 +-50.7 to -2.6 +7 +1 +0.0703 "
                                  "+0.1406\n"));
  EXPECT_THAT(text, ContainsRegex("own +1 +100.0 +100.0 +0.0 "));
  EXPECT_THAT(text,
              ContainsRegex("Reasoning +21 +38.1 +9.5 +-28.6 +-50.7 to -2.6 +7 +1 +0.0703\n"));
  EXPECT_THAT(text, HasSubstr("RewardBench (partial)"));
  EXPECT_THAT(text, ContainsRegex("all rows +22 "));
  EXPECT_THAT(text, Not(HasSubstr("Chat")));  // Absent, not 0.
}

TEST(RunDifferenceReportTest, WhatWasComparedAndWhatWasLeftOutIsSaid) {
  const std::string text = RenderDifference(SomeDifference(), 20);
  EXPECT_THAT(text, HasSubstr("A: model m, revision 0123456789ab, bfloat16\n"));
  EXPECT_THAT(text, HasSubstr("B: model m, revision fedcba987654, bfloat16\n"));
  EXPECT_THAT(text, HasSubstr("left out: 1 row with errors (1 in A, 0 in B)\n"));
  EXPECT_THAT(text, HasSubstr("left out: 7 rows in B alone: subset \"own\", id 0; "));
  EXPECT_THAT(text, HasSubstr("subset \"own\", id 4; ...\n"));
  EXPECT_THAT(text, Not(HasSubstr("in A alone")));
  EXPECT_THAT(text, HasSubstr("scores: not compared, as the runs are of two model revisions\n"));
}

TEST(RunDifferenceReportTest, ScoresAreBitEqualOrHowFarApart) {
  const FinishedRun a = {.run = RunOf(), .rows = {PairWith("s", 1, 1, 0)}};
  FinishedRun b = a;
  EXPECT_THAT(RenderDifference(*CompareRuns(a, b, {}), 20),
              HasSubstr("scores: bit-equal for all 2 responses\n"));
  b.rows[0].chosen[0].score = 1.25F;
  EXPECT_THAT(RenderDifference(*CompareRuns(a, b, {}), 20),
              HasSubstr("scores: not bit-equal for 1 of 2 responses; largest difference 0.25, 99th "
                        "percentile 0.25\n"));
}

TEST(RunDifferenceReportTest, RunsThatCutLongConversationsDifferentlyAreToldApart) {
  const FinishedRun a = {.run = RunOf(), .rows = {PairWith("s", 1, 1, 0)}};
  FinishedRun b = a;
  EXPECT_THAT(RenderDifference(*CompareRuns(a, b, {}), 0), Not(HasSubstr("differently")));
  b.run.max_tokens = 9;
  EXPECT_THAT(RenderDifference(*CompareRuns(a, b, {}), 0), HasSubstr("differently"));
}

TEST(RunDifferenceReportTest, FlipsAreShownUpToTheirNumber) {
  const RunDifference difference = SomeDifference({.summary = {.too_close = 0.6}});
  const std::string two = RenderDifference(difference, 2);
  EXPECT_THAT(two, HasSubstr("8 rows flipped; the 2 surest:\n"));
  EXPECT_THAT(two, ContainsRegex("hep-go +1 +right +wrong +\\+0.500 +-0.500 +AB\n"));
  const std::vector<std::string> lines = absl::StrSplit(two, '\n', absl::SkipEmpty());
  EXPECT_THAT(lines[lines.size() - 4], HasSubstr("margin A"));
  EXPECT_THAT(RenderDifference(difference, 0), Not(HasSubstr("margin A")));
  EXPECT_THAT(RenderDifference(difference, 0), HasSubstr("8 rows flipped\n"));
  EXPECT_THAT(RenderDifference(SomeDifference(), 1), ContainsRegex("-0.500 +-\n"));
}

TEST(RunDifferenceReportTest, TheJsonHasTheFiguresAsProportionsAndBothRuns) {
  const Json json = DifferenceJson(SomeDifference({.summary = {.too_close = 0.1}}), 3);
  EXPECT_EQ(json["a"], EvalRunJson(RunOf()));
  EXPECT_NE(json["b"], json["a"]);
  EXPECT_EQ(json["ties"], "loss");
  EXPECT_TRUE(json["metric"].is_null());
  EXPECT_EQ(json["too_close"]["a"]["margin"], 0.1);
  const Json& subset = json["subsets"][0];
  EXPECT_EQ(subset["name"], "hep-go");
  EXPECT_DOUBLE_EQ(subset["difference"], -6.0 / 21);
  EXPECT_NEAR(subset["interval_95"][0], -0.507, 5e-4);
  EXPECT_EQ(subset["only_a"], 7);
  EXPECT_NEAR(subset["p"], 0.0703125, 1e-12);
  EXPECT_NEAR(subset["p_holm"], 0.140625, 1e-12);
  EXPECT_EQ(json["benchmark"]["name"], "RewardBench");
  EXPECT_EQ(json["benchmark"]["weights"], "current");
  EXPECT_EQ(json["benchmark"]["partial"], true);
  EXPECT_EQ(json["benchmark"]["sections"].size(), 1);
  EXPECT_FALSE(json["benchmark"]["sections"][0].contains("p_holm"));
  EXPECT_EQ(json["all_rows"]["rows"], 22);
  EXPECT_EQ(json["left_out"]["with_errors"], 1);
  EXPECT_EQ(json["left_out"]["only_b"]["count"], 7);
  EXPECT_EQ(json["left_out"]["only_b"]["first"].size(), 5);
  EXPECT_TRUE(json["scores"].is_null());
  EXPECT_EQ(json["flips"]["count"], 8);
  EXPECT_EQ(json["flips"]["first"].size(), 3);
  EXPECT_EQ(json["flips"]["first"][0], Json({{"subset", "hep-go"},
                                             {"id", 1},
                                             {"credit_a", 1.0},
                                             {"credit_b", 0.0},
                                             {"margin_a", 0.5},
                                             {"margin_b", -0.5},
                                             {"too_close_a", false},
                                             {"too_close_b", false}}));
}

TEST(RunDifferenceReportTest, TheJsonOfEqualScoresSaysSo) {
  const Json json = DifferenceJson(
      SomeDifference({.scores = CompareOptions::Scores::kAlways}, "0123456789abcdef"), 0);
  EXPECT_EQ(json["scores"]["responses"], 44);
  EXPECT_EQ(json["scores"]["bit_equal"], false);
  EXPECT_EQ(json["scores"]["not_bit_equal"], 8);
  EXPECT_EQ(json["scores"]["largest"], 1.0);
  EXPECT_TRUE(json["flips"]["first"].empty());
}

}  // namespace
}  // namespace assay::client
