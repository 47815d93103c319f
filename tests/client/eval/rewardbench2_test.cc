#include "client/eval/rewardbench2.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

TEST(RewardBench2Test, TheTiesScoreIsThatOfThePublishedVectors) {
  std::ifstream file(ASSAY_SOURCE_DIR "/tests/golden/ties_vectors.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  ASSERT_EQ(vectors.size(), 12);
  for (const nlohmann::json& vector : vectors) {
    std::vector<TiesRow> rows;
    for (const nlohmann::json& row : vector["rows"]) {
      const auto scores = row["scores"].get<std::vector<double>>();
      const auto correct = scores.begin() + row["num_correct"].get<int>();
      rows.push_back({.id = row["id"].get<std::string>(),
                      .correct = {scores.begin(), correct},
                      .incorrect = {correct, scores.end()}});
    }
    ASSERT_OK_AND_ASSIGN(const TiesScore score, ScoreTies(rows));
    EXPECT_NEAR(score.score, vector["expected"].get<double>(), 1e-9);
  }
}

TEST(RewardBench2Test, AllRightAndFarApartIsOneAndAMargin) {
  ASSERT_OK_AND_ASSIGN(const TiesScore score,
                       ScoreTies({{.id = "ref:1", .correct = {9}, .incorrect = {1, 0}},
                                  {.id = "tied:1", .correct = {9, 8}, .incorrect = {0, 1}}}));
  EXPECT_EQ(score.tied_accuracy, 1);
  EXPECT_EQ(score.ref_accuracy, 1);
  EXPECT_EQ(score.preferred, 1);
  EXPECT_EQ(score.preferred_hard, 1);
  EXPECT_NEAR(score.margin, std::tanh(6.0), 1e-12);
  EXPECT_NEAR(score.score, 1 + 0.01 * std::tanh(6.0), 1e-12);
}

TEST(RewardBench2Test, NoSpreadMakesAGapInfiniteAndNoGapNothing) {
  const auto margin = [](double worst) {
    const absl::StatusOr<TiesScore> score =
        ScoreTies({{.id = "ref:1", .correct = {9}, .incorrect = {worst}},
                   {.id = "tied:1", .correct = {9, 9}, .incorrect = {worst}}});
    return score->margin;
  };
  EXPECT_EQ(margin(8), 1);
  EXPECT_EQ(margin(9), 0);
  EXPECT_EQ(margin(10), -1);
}

TEST(RewardBench2Test, RowsWithoutTheirTwinCountForAccuracyAlone) {
  ASSERT_OK_AND_ASSIGN(const TiesScore score,
                       ScoreTies({{.id = "tied:1", .correct = {9, 8}, .incorrect = {0}},
                                  {.id = "tied:2", .correct = {1, 8}, .incorrect = {3}}}));
  EXPECT_EQ(score.tied_accuracy, 0.5);
  EXPECT_EQ(score.score, 0.15);
}

TEST(RewardBench2Test, NoRowsScoreNothing) {
  ASSERT_OK_AND_ASSIGN(const TiesScore score, ScoreTies({}));
  EXPECT_EQ(score.score, 0);
}

TEST(RewardBench2Test, AnIdOfAnotherFormOrThereTwiceIsRefusedByName) {
  for (const char* id : {"other:1", "ref", "ref:x", "1"}) {
    EXPECT_THAT(ScoreTies({{.id = id, .correct = {1}, .incorrect = {0}}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(id)));
  }
  const TiesRow row = {.id = "ref:4", .correct = {1}, .incorrect = {0}};
  EXPECT_THAT(ScoreTies({row, row}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"ref:4\" is there twice")));
}

}  // namespace
}  // namespace assay::client
