#include "server/batch_runner.h"

#include "tests/testing/builders.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using testing::FakeScoreOf;
using testing::FakeScorer;
using testing::GroupOf;
using testing::IsOk;
using testing::StatusIs;

TEST(RunBatchTest, ResultsGoToTheirGroups) {
  FakeScorer scorer;
  const std::vector<PromptGroup> groups = {GroupOf(0, {1, 1}), GroupOf(0, {2}, 50)};
  const auto results = RunBatch(scorer, groups).results;
  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[0][0]->score, FakeScoreOf({0}));
  EXPECT_EQ(results[0][1]->score, FakeScoreOf({1}));
  EXPECT_EQ(results[1][0]->score, FakeScoreOf({50, 51}));
}

TEST(RunBatchTest, ABatchTooLargeForTheDeviceRunsAgainInTwoHalves) {
  FakeScorer scorer;
  scorer.RunOutOfMemoryAbove(2);
  const std::vector<PromptGroup> groups = {GroupOf(1, {1}), GroupOf(1, {1}, 20),
                                           GroupOf(1, {1}, 40)};
  const auto results = RunBatch(scorer, groups).results;
  for (const auto& group : results) EXPECT_THAT(group[0], IsOk());
  EXPECT_EQ(results[2][0]->score, FakeScoreOf({40, 41}));
  EXPECT_THAT(scorer.AwaitBatches(3), ElementsAre(3, 1, 2));
}

TEST(RunBatchTest, HalvesThatAreStillTooLargeAreHalvedAgain) {
  FakeScorer scorer;
  scorer.RunOutOfMemoryAbove(1);
  const std::vector<PromptGroup> groups = {GroupOf(1, {1}), GroupOf(1, {1}), GroupOf(1, {1})};
  const auto results = RunBatch(scorer, groups).results;
  for (const auto& group : results) EXPECT_THAT(group[0], IsOk());
  EXPECT_THAT(scorer.AwaitBatches(5), ElementsAre(3, 1, 2, 1, 1));
}

TEST(RunBatchTest, AConversationThatIsTooLargeAloneFailsAlone) {
  FakeScorer scorer;
  scorer.RunOutOfMemoryAboveTokens(9);
  // The second group's second response is 10 tokens with its prefix.
  const std::vector<PromptGroup> groups = {GroupOf(1, {1}), GroupOf(1, {2, 9, 3}, 20),
                                           GroupOf(1, {8}, 60)};
  const auto results = RunBatch(scorer, groups).results;
  EXPECT_THAT(results[0][0], IsOk());
  EXPECT_THAT(results[1][0], IsOk());
  EXPECT_THAT(results[1][1], StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(results[1][2], IsOk());
  EXPECT_THAT(results[2][0], IsOk());
}

TEST(RunBatchTest, ADeviceThatFailedForGoodIsTold) {
  FakeScorer scorer;
  const std::vector<PromptGroup> groups = {GroupOf(1, {1, 2}), GroupOf(1, {1})};
  EXPECT_THAT(RunBatch(scorer, groups).device, IsOk());
  scorer.Break();
  const BatchOutcome outcome = RunBatch(scorer, groups);
  EXPECT_THAT(outcome.device, StatusIs(absl::StatusCode::kAborted));
  ASSERT_EQ(outcome.results.size(), 2);
  EXPECT_EQ(outcome.results[0].size(), 2);
}

TEST(RunBatchTest, OneFailedResponseLeavesItsNeighboursAlone) {
  FakeScorer scorer;
  scorer.FailOn({0, 2});
  const std::vector<PromptGroup> groups = {GroupOf(1, {1, 1, 1})};
  const auto results = RunBatch(scorer, groups).results;
  EXPECT_THAT(results[0][0], IsOk());
  EXPECT_THAT(results[0][1], StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(results[0][2], IsOk());
}

TEST(RunBatchTest, AScorerThatLosesAResultFailsTheBatchAndNothingElse) {
  FakeScorer scorer;
  scorer.LoseOneResult();
  const std::vector<PromptGroup> groups = {GroupOf(1, {1, 1}), GroupOf(1, {1})};
  const auto results = RunBatch(scorer, groups).results;
  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[0].size(), 2);
  EXPECT_THAT(results[1][0],
              StatusIs(absl::StatusCode::kInternal, ::testing::HasSubstr("2 results for 3")));
  EXPECT_THAT(RunBatch(scorer, groups).results[1][0], IsOk());
}

}  // namespace
}  // namespace assay
