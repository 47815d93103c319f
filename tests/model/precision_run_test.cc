#include "model/precision_run.h"

#include <string>

#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::FakeEncoder;
using ::assay::testing::FakeScoreOf;
using ::assay::testing::FakeScorer;
using ::assay::testing::FakeTokensOf;
using ::assay::testing::NewFolder;
using ::assay::testing::StatusIs;
using ::assay::testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

float ScoreOf(const std::string& prompt, const std::string& response) {
  return FakeScoreOf(FakeTokensOf({{"user", prompt}}, response));
}

class PrecisionRunTest : public ::testing::Test {
 protected:
  FakeEncoder encoder_;
  FakeScorer scorer_;
};

TEST_F(PrecisionRunTest, ScoresComeInTheOrderOfTheRowsAndAlikeFromEveryModel) {
  PrecisionRun run({}, 8);
  ASSERT_OK(run.Add(R"({"prompt": "p", "chosen": "good", "rejected": "bad"})", encoder_));
  ASSERT_OK(run.Add(R"({"prompt": "q", "responses": ["a", "b", "c"]})", encoder_));
  ASSERT_OK(run.Add(R"({"input_ids": [5, 6]})", encoder_));
  ASSERT_OK(run.Check());
  const auto expected = ElementsAre(ScoreOf("p", "good"), ScoreOf("p", "bad"), ScoreOf("q", "a"),
                                    ScoreOf("q", "b"), ScoreOf("q", "c"), FakeScoreOf({5, 6}));
  for (int i = 0; i < 2; ++i) {
    FakeScorer model;
    ASSERT_OK_AND_ASSIGN(const std::vector<float> scores, run.Scores(model));
    EXPECT_THAT(scores, expected);
    EXPECT_GT(model.AwaitBatches(2).size(), 1);
  }
  EXPECT_THAT(run.group_sizes(), ElementsAre(2, 3, 1));
}

TEST_F(PrecisionRunTest, AResponseThatCannotBeEncodedIsLeftOutAndCounted) {
  PrecisionRun run({}, 1000);
  ASSERT_OK(run.Add(R"({"prompt": "p", "responses": ["a", "refused", "b"]})", encoder_));
  ASSERT_OK(run.Add(R"({"prompt": "p", "responses": ["refused"]})", encoder_));
  EXPECT_EQ(run.left_out(), 2);
  EXPECT_THAT(run.group_sizes(), ElementsAre(2));
  ASSERT_OK_AND_ASSIGN(const std::vector<float> scores, run.Scores(scorer_));
  EXPECT_THAT(scores, ElementsAre(ScoreOf("p", "a"), ScoreOf("p", "b")));
}

TEST_F(PrecisionRunTest, DataWithoutAMarginIsRefused) {
  PrecisionRun run({}, 1000);
  EXPECT_THAT(run.Check(), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(run.Add(R"({"prompt": "p", "responses": ["a", "refused"]})", encoder_));
  EXPECT_THAT(run.Check(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("two responses")));
}

TEST_F(PrecisionRunTest, AModelThatFailsOnOneConversationHasNoFigures) {
  PrecisionRun run({}, 1000);
  ASSERT_OK(run.Add(R"({"prompt": "p", "responses": ["a", "b"]})", encoder_));
  scorer_.FailOn(FakeTokensOf({{"user", "p"}}, "b"));
  EXPECT_THAT(run.Scores(scorer_), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(PrecisionRunTest, NoGroupsGiveNoScores) {
  ASSERT_OK_AND_ASSIGN(const std::vector<float> scores, PrecisionRun({}, 8).Scores(scorer_));
  EXPECT_THAT(scores, IsEmpty());
}

TEST_F(PrecisionRunTest, AFileIsReadUpToItsLimitAndABadLineIsNamed) {
  const std::string path = NewFolder("precision_run") + "/rows.jsonl";
  WriteFile(path,
            "{\"prompt\": \"p\", \"responses\": [\"a\"]}\n{\"prompt\": \"q\", \"responses\": "
            "[\"b\"]}\nnot JSON\n");
  PrecisionRun run({}, 1000);
  ASSERT_OK(run.AddFile(path, 2, encoder_));
  EXPECT_THAT(run.group_sizes(), ElementsAre(1, 1));
  EXPECT_THAT(run.AddFile(path, 0, encoder_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("rows.jsonl"), HasSubstr("line 3"))));
  EXPECT_THAT(run.AddFile("/nowhere", 0, encoder_), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace assay
