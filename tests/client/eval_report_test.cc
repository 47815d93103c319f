#include "client/eval_report.h"

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

EvalSummary SummaryOf(size_t objectives, size_t subsets = 2) {
  const CloseCall close_call = {.margin = 0.5, .is_measured = false};
  AccuracySums sums(objectives, close_call.margin);
  for (size_t s = 0; s < subsets; ++s) {
    for (int i = 0; i < 4; ++i) {
      Score chosen = {.score = 1};
      Score rejected = {.score = static_cast<float>(i)};  // Won, tied, lost, lost.
      chosen.rewards.assign(objectives, 1);
      rejected.rewards.assign(objectives, 0);
      sums.AddPair(absl::StrCat("subset-", s), chosen, rejected);
    }
    sums.AddError(absl::StrCat("subset-", s));
  }
  EvalSummary summary;
  summary.model.name = "m";
  summary.model.revision = "0123456789abcdef";
  summary.model.dtype = "bfloat16";
  summary.model.heads = "precise";
  for (size_t k = 0; k < objectives; ++k)
    summary.objectives.push_back(absl::StrCat("objective-", k));
  summary.data = {"a.jsonl"};
  summary.subsets = sums.subsets();
  summary.total = sums.Total();
  summary.close_call = close_call;
  summary.tokens = 5000;
  summary.elapsed = absl::Seconds(10);
  return summary;
}

absl::StatusOr<ScoreReply> PairReply(const Score& chosen, const absl::StatusOr<Score>& rejected) {
  return ScoreReply{.results = {chosen, rejected}, .model_revision = "", .times = {}};
}

TEST(EvalReportTest, FewObjectivesStandBesideTheScore) {
  EXPECT_EQ(RenderTables(SummaryOf(1)),
            "Accuracy in percent: how often the chosen response scores strictly higher; a tie is "
            "no win.\n"
            "\n"
            "subset     pairs  score  95 % interval  objective-0  ties  too close  errors\n"
            "----------------------------------------------------------------------------\n"
            "subset-0       4   25.0    4.6 to 69.9        100.0     1          1       1\n"
            "subset-1       4   25.0    4.6 to 69.9        100.0     1          1       1\n"
            "----------------------------------------------------------------------------\n"
            "all pairs      8   25.0    7.1 to 59.1        100.0     2          2       2\n"
            "\n"
            "model m, revision 0123456789ab, bfloat16, precise heads; 8 pairs, 5,000 tokens, 500 "
            "tokens/s, 10 s\n"
            "too close to call: margins below 0.5, as --too-close says\n");
}

TEST(EvalReportTest, ManyObjectivesHaveATableOfTheirOwn) {
  const std::string text = RenderTables(SummaryOf(19));
  EXPECT_THAT(text, HasSubstr("\nobjective "));
  EXPECT_THAT(text, HasSubstr("\nobjective-18 "));
  EXPECT_THAT(text, Not(HasSubstr("95 % interval  objective-0")));
}

TEST(EvalReportTest, ManySubsetsAreNotSpreadOverTheObjectivesTable) {
  const std::string text = RenderTables(SummaryOf(19, 20));
  EXPECT_EQ(text.find("subset-19"), text.rfind("subset-19"));  // Once, in the first table.
}

TEST(EvalReportTest, ASubsetOfErrorsHasNoAccuracy) {
  EvalSummary summary = SummaryOf(0);
  summary.subsets.push_back({.subset = "broken", .errors = 3});
  EXPECT_THAT(RenderTables(summary),
              HasSubstr("broken         0      -              -     0          0       3\n"));
  EXPECT_FALSE(RenderJson(summary)["subsets"][2]["score"].contains("accuracy"));
}

TEST(EvalReportTest, TheJsonHasTheCountsTheIntervalsAndTheHashes) {
  const Json json = RenderJson(SummaryOf(2));
  EXPECT_EQ(json["model"]["revision"], "0123456789abcdef");
  EXPECT_EQ(json["data"], Json({"a.jsonl"}));
  EXPECT_EQ(json["tokens_per_second"], 500);
  const Json& first = json["subsets"][0];
  EXPECT_EQ(first["subset"], "subset-0");
  EXPECT_EQ(first["pairs"], 4);
  EXPECT_EQ(first["errors"], 1);
  EXPECT_EQ(first["score"]["wins"], 1);
  EXPECT_EQ(first["score"]["ties"], 1);
  EXPECT_EQ(first["score"]["losses"], 2);
  EXPECT_EQ(first["score"]["accuracy"], 0.25);
  EXPECT_EQ(first["objectives"]["objective-1"]["wins"], 4);
  EXPECT_EQ(json["all_pairs"]["pairs"], 8);
}

TEST(EvalReportTest, PairsTooCloseToCallAreCountedBesideTheAccuracy) {
  const Json json = RenderJson(SummaryOf(2));
  EXPECT_EQ(json["too_close"], Json({{"margin", 0.5}, {"source", "user"}}));
  EXPECT_EQ(json["subsets"][0]["too_close"], 1);
  EXPECT_EQ(json["all_pairs"]["too_close"], 2);
  EXPECT_EQ(json["all_pairs"]["pairs"], 8);
}

TEST(EvalReportTest, WhereTheErrorIsNotKnownNothingIsTooCloseAndThatIsSaid) {
  EvalSummary summary = SummaryOf(0);
  summary.close_call.reset();
  EXPECT_THAT(RenderTables(summary),
              AllOf(HasSubstr("all pairs      8   25.0    7.1 to 59.1     2          -       2\n"),
                    HasSubstr("too close to call: not counted")));
  const Json json = RenderJson(summary);
  EXPECT_TRUE(json["too_close"].is_null());
  EXPECT_FALSE(json["all_pairs"].contains("too_close"));
}

TEST(EvalReportTest, NoReportClaimsABenchmarksScore) {
  EXPECT_THAT(RenderTables(SummaryOf(2)) + RenderJson(SummaryOf(2)).dump(),
              Not(HasSubstr("RewardBench")));
}

TEST(EvalReportTest, APairsRowHasBothSidesAndWhatMadeTheDifference) {
  const PreferencePair pair = {
      .id = "x", .subset = "s", .prompt = {}, .chosen = "c", .rejected = "r"};
  const Score chosen = {.score = 1.5,
                        .rewards = {1, 2},
                        .gating = {0.5, 0.5},
                        .coefficients = {0.5, 0.5},
                        .input_tokens = 7};
  const Score rejected = {.score = 0.5,
                          .rewards = {1, 0},
                          .gating = {0.5, 0.5},
                          .coefficients = {0.5, 0.5},
                          .input_tokens = 6,
                          .truncated_tokens = 2};
  const Json row = PairRow(pair, PairReply(chosen, rejected), {"a", "b"}, std::nullopt);
  EXPECT_EQ(row["id"], "x");
  EXPECT_EQ(row["chosen"]["rewards"], Json({1.0, 2.0}));
  EXPECT_EQ(row["rejected"]["truncated_tokens"], 2);
  EXPECT_EQ(row["margin"], 1.0);
  EXPECT_EQ(row["margin_by_objective"], Json({{"a", 0.0}, {"b", 1.0}}));
  EXPECT_FALSE(row.contains("error"));
  EXPECT_FALSE(row.contains("too_close"));
}

TEST(EvalReportTest, APairsRowSaysWhetherItIsTooCloseToCall) {
  const PreferencePair pair = {
      .id = "x", .subset = "s", .prompt = {}, .chosen = "c", .rejected = "r"};
  const auto reply = PairReply({.score = 1.5}, Score{.score = 1.0});
  EXPECT_EQ(PairRow(pair, reply, {}, CloseCall{.margin = 0.75})["too_close"], true);
  EXPECT_EQ(PairRow(pair, reply, {}, CloseCall{.margin = 0.25})["too_close"], false);
}

TEST(EvalReportTest, APairThatFailedHasItsErrorAndNoMargin) {
  const PreferencePair pair = {
      .id = 3, .subset = "s", .prompt = {}, .chosen = "c", .rejected = "r"};
  const Json row = PairRow(pair, PairReply({.score = 1}, absl::InvalidArgumentError("too long")),
                           {}, CloseCall{.margin = 9});
  EXPECT_EQ(row["error"]["message"], "rejected: too long");
  EXPECT_FALSE(row.contains("margin"));
  EXPECT_FALSE(row.contains("too_close"));
}

TEST(EvalReportTest, AReplyWithoutTheObjectivesItShouldHaveIsAnError) {
  EXPECT_OK(PairStatus(PairReply({.rewards = {1}}, Score{.rewards = {1}}), 1));
  EXPECT_OK(PairStatus(PairReply({}, Score{}), 0));
  EXPECT_THAT(PairStatus(PairReply({.rewards = {1}}, Score{}), 1),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("rejected"), HasSubstr("0 rewards for 1"))));
  EXPECT_THAT(PairStatus(absl::UnavailableError("gone"), 1),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace assay::client
