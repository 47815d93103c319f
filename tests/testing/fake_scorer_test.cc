#include "tests/testing/fake_scorer.h"

#include <thread>

#include "tests/testing/builders.h"
#include "tests/testing/status_matchers.h"

namespace assay::testing {
namespace {

using ::testing::ElementsAre;

TEST(FakeScorerTest, AScoreDependsOnTheWholeConversationAndNotOnHowItIsShared) {
  FakeScorer scorer;
  const std::vector<PromptGroup> shared = {{.prefix = {1, 2}, .responses = {{.tokens = {3}}}}};
  const std::vector<PromptGroup> whole = {{.prefix = {}, .responses = {{.tokens = {1, 2, 3}}}}};
  const std::vector<PromptGroup> other = {{.prefix = {1, 2}, .responses = {{.tokens = {4}}}}};
  const float score = scorer.ScoreBatch(shared)[0]->score;
  EXPECT_EQ(score, FakeScoreOf({1, 2, 3}));
  EXPECT_EQ(scorer.ScoreBatch(whole)[0]->score, score);
  EXPECT_NE(scorer.ScoreBatch(other)[0]->score, score);
}

TEST(FakeScorerTest, AScoreIsTheSumOfRewardsTimesCoefficients) {
  FakeScorer scorer;
  const std::vector<PromptGroup> groups = {GroupOf(3, {2})};
  const RewardScore score = *scorer.ScoreBatch(groups)[0];
  EXPECT_EQ(score.rewards[0] * score.coefficients[0] + score.rewards[1] * score.coefficients[1],
            score.score);
}

TEST(FakeScorerTest, OnlyTheResponseThatIsToFailFails) {
  FakeScorer scorer;
  scorer.FailOn({0, 1, 3});
  const std::vector<PromptGroup> groups = {GroupOf(2, {1, 1, 1})};
  const auto results = scorer.ScoreBatch(groups);
  EXPECT_THAT(results[0], IsOk());
  EXPECT_THAT(results[1], StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(results[2], IsOk());
}

TEST(FakeScorerTest, ABlockedBatchBeginsAndEndsOnlyAfterRelease) {
  FakeScorer scorer;
  scorer.Block();
  const std::vector<PromptGroup> groups = {GroupOf(2, {1}), GroupOf(2, {1})};
  std::thread worker([&] { scorer.ScoreBatch(groups); });
  EXPECT_THAT(scorer.AwaitBegun(1), ElementsAre(2));
  EXPECT_TRUE(scorer.Scored().empty());
  scorer.Release();
  EXPECT_THAT(scorer.AwaitBatches(1), ElementsAre(2));
  worker.join();
  EXPECT_EQ(scorer.Scored().size(), 2);
}

TEST(FakeScorerTest, ALargeBatchRunsOutOfMemoryWhereToldSo) {
  FakeScorer scorer;
  scorer.RunOutOfMemoryAbove(1);
  const std::vector<PromptGroup> groups = {GroupOf(2, {1}), GroupOf(2, {1})};
  EXPECT_THAT(scorer.ScoreBatch(groups)[1], StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(scorer.ScoreBatch({&groups[0], 1})[0], IsOk());
}

}  // namespace
}  // namespace assay::testing
