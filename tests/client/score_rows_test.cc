#include "client/score_rows.h"

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Json RowOf(const std::string& text) { return *ParseJsonObject(text); }

ScoreReply ReplyOf(std::vector<absl::StatusOr<Score>> results) {
  return {.results = std::move(results), .model_revision = "rev", .times = {}};
}

std::string Outcome(RowKind kind, const absl::StatusOr<ScoreReply>& outcome,
                    const RowDetail& detail = {}) {
  Json fields = {{"id", 1}};
  AddOutcome(kind, outcome, detail, &fields);
  return DumpLine(fields);
}

TEST(ScoreRowsTest, AConversationsLastTurnIsItsResponse) {
  ASSERT_OK_AND_ASSIGN(const ScoreRow row,
                       ScoreRowOf(RowOf(R"({"messages": [{"role": "user", "content": "u"},
                                                                            {"role": "assistant", "content": "a"}]})")));
  EXPECT_EQ(row.kind, RowKind::kMessages);
  ASSERT_EQ(row.prompt.size(), 1);
  EXPECT_EQ(row.prompt[0].content, "u");
  EXPECT_THAT(row.responses, ElementsAre("a"));
}

TEST(ScoreRowsTest, APairsResponsesAreChosenAndRejectedInThisOrder) {
  ASSERT_OK_AND_ASSIGN(const ScoreRow row,
                       ScoreRowOf(RowOf(R"({"rejected": "r", "chosen": "c", "prompt": "p"})")));
  EXPECT_EQ(row.kind, RowKind::kPair);
  EXPECT_THAT(row.responses, ElementsAre("c", "r"));
}

TEST(ScoreRowsTest, ResponsesKeepTheirOrder) {
  ASSERT_OK_AND_ASSIGN(const ScoreRow row,
                       ScoreRowOf(RowOf(R"({"prompt": "p", "responses": ["b", "", "a"]})")));
  EXPECT_EQ(row.kind, RowKind::kResponses);
  EXPECT_THAT(row.responses, ElementsAre("b", "", "a"));
}

TEST(ScoreRowsTest, ABadRowIsRefusedByItsFieldWithoutItsText) {
  const struct {
    const char* row;
    const char* what;
  } kBad[] = {
      {R"({})", "\"messages\" or \"prompt\" is missing"},
      {R"({"prompt": "secret"})", "\"responses\" is missing"},
      {R"({"prompt": "secret", "responses": []})", "\"responses\" is not a list"},
      {R"({"prompt": "secret", "responses": "secret"})", "\"responses\" is not a list"},
      {R"({"prompt": "secret", "responses": ["secret", 3]})", "\"responses[1]\" is not text"},
      {R"({"prompt": "secret", "chosen": "c"})", "\"rejected\" is missing"},
      {R"({"prompt": "secret", "rejected": "c"})", "\"chosen\" is missing"},
      {R"({"prompt": "p", "responses": ["r"], "chosen": "c"})", "different kinds"},
      {R"({"messages": [{"role": "user", "content": "u"}], "prompt": "p"})", "different kinds"},
      {R"({"messages": [{"role": "user", "content": "secret"}]})",
       "does not end with an assistant turn"},
      {R"({"messages": [{"role": "assistant", "content": "secret"}]})", "no turn before"},
      {R"({"messages": []})", "\"messages\""},
      {R"({"messages": "secret"})", "\"messages\""},
  };
  for (const auto& bad : kBad) {
    EXPECT_THAT(ScoreRowOf(RowOf(bad.row)),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(bad.what), Not(HasSubstr("secret")))))
        << bad.row;
  }
}

TEST(ScoreRowsTest, OneResponsesFieldsAreFlatAndInResults) {
  EXPECT_EQ(
      Outcome(RowKind::kMessages, ReplyOf({Score{.score = 0.5, .input_tokens = 9}})),
      R"({"id":1,"score":0.5,"input_tokens":9,"model_revision":"rev","results":[{"score":0.5,"input_tokens":9}]})");
  EXPECT_EQ(Outcome(RowKind::kResponses, ReplyOf({absl::InternalError("NaN")})),
            R"({"id":1,"error":{"code":"INTERNAL","message":"NaN"},"model_revision":"rev",)"
            R"("results":[{"error":{"code":"INTERNAL","message":"NaN"}}]})");
}

TEST(ScoreRowsTest, SeveralResponsesHaveScoresWithNullForAnError) {
  EXPECT_EQ(
      Outcome(RowKind::kResponses, ReplyOf({Score{.score = 1, .input_tokens = 2},
                                            absl::InvalidArgumentError("too long")})),
      R"({"id":1,"scores":[1.0,null],"model_revision":"rev","results":[{"score":1.0,"input_tokens":2},)"
      R"({"error":{"code":"INVALID_ARGUMENT","message":"too long"}}]})");
}

TEST(ScoreRowsTest, APairHasAScoreForEachSide) {
  const std::string row =
      Outcome(RowKind::kPair, ReplyOf({Score{.score = 1}, absl::InternalError("NaN")}));
  EXPECT_THAT(row, HasSubstr(R"("chosen_score":1.0,"rejected_score":null)"));
}

TEST(ScoreRowsTest, ARowThatFailedAsAWholeHasOnlyItsError) {
  EXPECT_EQ(Outcome(RowKind::kPair, absl::UnavailableError("gone")),
            R"({"id":1,"error":{"code":"UNAVAILABLE","message":"gone"}})");
}

TEST(ScoreRowsTest, ObjectivesComeWithTheTopCoefficientsByNameAndHelpSteersScale) {
  const RowDetail detail = {.objectives = {"helpsteer-a", "b", "c"}, .top_k = 2};
  const Score score = {.score = 0.5,
                       .rewards = {0.65625F, 2, 3},
                       .gating = {0.5F, 0.25F, 0.25F},
                       .coefficients = {0.1F, -0.5F, 0.25F},
                       .input_tokens = 9,
                       .truncated_tokens = 4};
  EXPECT_THAT(
      Outcome(RowKind::kMessages, ReplyOf({score}), detail),
      HasSubstr(R"("score":0.5,"input_tokens":9,"truncated_tokens":4,"rewards":[0.65625,2.0,3.0],)"
                R"("gating":[0.5,0.25,0.25],"coefficients":[0.1,-0.5,0.25],"top_coefficients":)"
                R"([{"objective":"b","coefficient":-0.5},{"objective":"c","coefficient":0.25}],)"
                R"("helpsteer":{"helpsteer-a":2.78125})"));
  EXPECT_THAT(Outcome(RowKind::kMessages, ReplyOf({score}), {}), Not(HasSubstr("rewards")));
}

TEST(ScoreRowsTest, AnEarlierOutcomeIsRemovedBeforeTheNextIsWritten) {
  Json fields = RowOf(R"({"error": 1, "id": 7, "score": 2, "helpsteer": 3, "text": "t"})");
  EXPECT_EQ(RemoveOutcomeFields(&fields), 3);
  EXPECT_EQ(DumpLine(fields), R"({"id":7,"text":"t"})");
  EXPECT_EQ(RemoveOutcomeFields(&fields), 0);
}

// Every name that AddOutcome can write must be one that RemoveOutcomeFields removes, or rows would
// keep stale values.
TEST(ScoreRowsTest, WhateverAnOutcomeWritesCanBeRemovedAgain) {
  const RowDetail detail = {.objectives = {"helpsteer-a"}};
  const Score full = {
      .score = 1, .rewards = {1}, .gating = {1}, .coefficients = {1}, .truncated_tokens = 1};
  for (const RowKind kind : {RowKind::kMessages, RowKind::kResponses, RowKind::kPair}) {
    for (const absl::StatusOr<ScoreReply>& outcome :
         {absl::StatusOr<ScoreReply>(ReplyOf({full, full})),
          absl::StatusOr<ScoreReply>(absl::InternalError("x"))}) {
      Json fields = {{"id", 1}};
      AddOutcome(kind, outcome, detail, &fields);
      RemoveOutcomeFields(&fields);
      EXPECT_EQ(DumpLine(fields), R"({"id":1})");
    }
  }
  Json single = {{"id", 1}};
  AddOutcome(RowKind::kMessages, ReplyOf({full}), detail, &single);
  RemoveOutcomeFields(&single);
  EXPECT_EQ(DumpLine(single), R"({"id":1})");
}

TEST(ScoreRowsTest, ThePeoplesLineNamesTheLargestCoefficientsOnceForAllResponses) {
  const RowDetail detail = {.objectives = {"a", "b"}, .top_k = 1};
  const Score score = {
      .score = 0.125F, .rewards = {1, 1}, .gating = {1, 1}, .coefficients = {0.25F, -0.5F}};
  EXPECT_EQ(DescribeOutcome(ReplyOf({absl::InternalError("x"), score, score}), detail),
            "score INTERNAL, 0.12500, 0.12500; coefficients b -0.50000");
  EXPECT_EQ(DescribeOutcome(absl::UnavailableError("gone"), detail), "UNAVAILABLE");
}

TEST(ScoreRowsTest, ARowHasAnErrorWhenAnyOfItsResultsHas) {
  EXPECT_FALSE(HasError(ReplyOf({Score{}, Score{}})));
  EXPECT_TRUE(HasError(ReplyOf({Score{}, absl::InternalError("x")})));
  EXPECT_TRUE(HasError(absl::InternalError("x")));
}

}  // namespace
}  // namespace assay::client
