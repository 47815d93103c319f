#include "client/eval/eval_row.h"

#include <random>

#include "tests/client/eval/eval_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RowWith;
using ::assay::testing::ScoreOf;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

Comparison ComparisonOf(size_t chosen, size_t rejected) {
  return {.id = 1,
          .subset = "s",
          .prompt = {{.role = "user", .content = "p"}},
          .chosen = std::vector<std::string>(chosen, "c"),
          .rejected = std::vector<std::string>(rejected, "r")};
}

ScoreReply ReplyOf(std::vector<absl::StatusOr<Score>> results) {
  return {.results = std::move(results)};
}

TEST(EvalRowTest, ResultsAreChosenFirstInTheirOrder) {
  const EvalRow row = RowOf(ComparisonOf(2, 1), ReplyOf({ScoreOf(1), ScoreOf(2), ScoreOf(3)}), 0);
  ASSERT_TRUE(row.error.ok());
  EXPECT_EQ(row.chosen[0].score, 1);
  EXPECT_EQ(row.chosen[1].score, 2);
  EXPECT_EQ(row.rejected[0].score, 3);
  EXPECT_EQ(TokensOf(row), 30);
}

TEST(EvalRowTest, ARowsErrorIsTheFirstAndNamesItsResponse) {
  const absl::Status failed = absl::InvalidArgumentError("too long");
  EXPECT_EQ(RowOf(ComparisonOf(1, 1), failed, 0).error, failed);
  EXPECT_THAT(RowOf(ComparisonOf(1, 1), ReplyOf({ScoreOf(1), failed}), 0).error,
              StatusIs(absl::StatusCode::kInvalidArgument, "rejected: too long"));
  const EvalRow row = RowOf(ComparisonOf(1, 2), ReplyOf({ScoreOf(1), ScoreOf(1), failed}), 0);
  EXPECT_THAT(row.error, StatusIs(absl::StatusCode::kInvalidArgument, "rejected[1]: too long"));
  EXPECT_TRUE(row.chosen.empty());
  EXPECT_TRUE(row.rejected.empty());
  EXPECT_EQ(TokensOf(row), 0);
  EXPECT_THAT(RowOf(ComparisonOf(1, 1), ReplyOf({ScoreOf(1)}), 0).error,
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(
      RowOf(ComparisonOf(1, 1), ReplyOf({ScoreOf(1, {1, 2}), ScoreOf(1, {1})}), 2).error,
      StatusIs(absl::StatusCode::kInternal, HasSubstr("rejected: the server sent 1 rewards")));
}

TEST(EvalRowTest, TheMarginIsThatOfTheHardestPair) {
  const EvalRow row =
      RowWith("s", 1, {ScoreOf(3), ScoreOf(2), ScoreOf(2)}, {ScoreOf(0), ScoreOf(1.5F)});
  EXPECT_EQ(HardestPairOf(row).chosen, 1);
  EXPECT_EQ(HardestPairOf(row).rejected, 1);
  EXPECT_EQ(MarginOf(row), 0.5F);
  EXPECT_EQ(MarginOf(PairWith("s", 1, -1, 2)), -3);
}

TEST(EvalRowTest, AnyRowIsReadBackAsItWasToTheBit) {
  std::mt19937 random(1);
  std::normal_distribution<float> number;
  std::uniform_int_distribution<size_t> count(1, 4);
  const std::vector<std::string> objectives = {"a", "b", "c"};
  for (int i = 0; i < 300; ++i) {
    const size_t k = i % 2 == 0 ? 0 : objectives.size();
    const auto scores = [&](size_t n) {
      std::vector<Score> side;
      for (size_t j = 0; j < n; ++j) {
        Score score = ScoreOf(number(random));
        for (size_t o = 0; o < k; ++o) {
          score.rewards.push_back(number(random));
          score.gating.push_back(number(random));
          score.coefficients.push_back(number(random) * 1e-30F);
        }
        if (j == 1) score.truncated_tokens = 5;
        side.push_back(score);
      }
      return side;
    };
    EvalRow row = RowWith("sub \"set\"", i % 3 == 0 ? Json(i) : Json("id-\u00e9"),
                          scores(count(random)), scores(count(random)));
    if (i % 5 == 0) row.comparison.prompt.insert(row.comparison.prompt.begin(), {"system", "be"});
    const std::string line =
        DumpLine(EvalRowJson(row, k == 0 ? std::vector<std::string>() : objectives, std::nullopt));
    ASSERT_OK_AND_ASSIGN(const Json json, ParseJsonObject(line));
    ASSERT_OK_AND_ASSIGN(const EvalRow back, ParseEvalRow(json, k));
    EXPECT_EQ(back.comparison.id, row.comparison.id);
    EXPECT_EQ(back.comparison.subset, row.comparison.subset);
    EXPECT_EQ(back.comparison.prompt.size(), row.comparison.prompt.size());
    EXPECT_EQ(back.comparison.prompt[0].role, row.comparison.prompt[0].role);
    EXPECT_EQ(back.comparison.chosen, row.comparison.chosen);
    EXPECT_EQ(back.comparison.rejected, row.comparison.rejected);
    ASSERT_EQ(back.chosen.size(), row.chosen.size());
    for (size_t j = 0; j < row.chosen.size(); ++j) {
      EXPECT_EQ(back.chosen[j].score, row.chosen[j].score);
      EXPECT_EQ(back.chosen[j].rewards, row.chosen[j].rewards);
      EXPECT_EQ(back.chosen[j].gating, row.chosen[j].gating);
      EXPECT_EQ(back.chosen[j].coefficients, row.chosen[j].coefficients);
      EXPECT_EQ(back.chosen[j].truncated_tokens, row.chosen[j].truncated_tokens);
    }
    EXPECT_EQ(line, DumpLine(EvalRowJson(back, k == 0 ? std::vector<std::string>() : objectives,
                                         std::nullopt)));
  }
}

TEST(EvalRowTest, ALineShowsWhatMadeTheDifference) {
  const EvalRow row = RowWith("s", 1, {ScoreOf(1.5F, {1, 2})}, {ScoreOf(0.5F, {1, 0})});
  const Json json = EvalRowJson(row, {"a", "b"}, CloseCall{.margin = 2});
  EXPECT_EQ(json["chosen"]["text"], "c0");
  EXPECT_EQ(json["margin"], 1.0);
  EXPECT_EQ(json["too_close"], true);
  EXPECT_EQ(json["margin_by_objective"], Json({{"a", 0.0}, {"b", 1.0}}));
  EXPECT_FALSE(EvalRowJson(row, {"a", "b"}, std::nullopt).contains("too_close"));
  EXPECT_EQ(EvalRowJson(row, {"a", "b"}, CloseCall{.margin = 1})["too_close"], false);
}

TEST(EvalRowTest, AnErrorsLineHasTheTextsAndIsReadBack) {
  const EvalRow row = ErrorRow("s", 4, absl::ResourceExhaustedError("full"));
  const Json json = EvalRowJson(row, {}, std::nullopt);
  EXPECT_EQ(json["chosen"], Json({{"text", "c0"}}));
  EXPECT_EQ(json["error"]["code"], "RESOURCE_EXHAUSTED");
  EXPECT_FALSE(json.contains("margin"));
  ASSERT_OK_AND_ASSIGN(const EvalRow back, ParseEvalRow(json, 3));
  EXPECT_EQ(back.error, row.error);
  EXPECT_TRUE(back.chosen.empty());
  EXPECT_EQ(back.comparison.rejected, row.comparison.rejected);
}

TEST(EvalRowTest, WhatIsNoRowIsRefusedByField) {
  const Json good = EvalRowJson(
      RowWith("s", 1, {ScoreOf(1, {1})}, {ScoreOf(0, {0}), ScoreOf(0, {0})}), {"a"}, std::nullopt);
  const auto expect = [&](const char* pointer, const Json& value, const char* what) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = value;
    EXPECT_THAT(ParseEvalRow(bad, 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)))
        << pointer;
  };
  ASSERT_TRUE(ParseEvalRow(good, 1).ok());
  expect("/id", 1.5, "\"id\"");
  expect("/subset", 3, "\"subset\"");
  expect("/prompt", 3, "\"prompt\"");
  expect("/chosen", "text", "\"chosen\" is not an object");
  expect("/chosen/text", 1, "\"text\"");
  expect("/chosen/score", "1", "\"chosen.score\"");
  expect("/rejected", Json::array(), "\"rejected\" is empty");
  expect("/rejected/1/input_tokens", nullptr, "\"rejected[1].input_tokens\"");
  expect("/rejected/1/rewards", Json::array({1, 2}), "\"rejected[1].rewards\"");
  expect("/rejected/0/gating", Json::array({"x"}), "\"rejected[0].gating\"");
  Json error = good;
  error["error"] = {{"code", "ODD"}, {"message", "m"}};
  EXPECT_THAT(ParseEvalRow(error, 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"error.code\"")));
}

}  // namespace
}  // namespace assay::client
