#include "tests/testing/paced_scorer.h"

#include <thread>

#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::testing {
namespace {

TEST(PacedScorerTest, APassTakesItsTokensOverTheSpeedAndAPrefixCountsOnce) {
  FakeClock clock;
  PacedScorer scorer({.tokens_per_second = 100}, &clock);
  const std::vector<PromptGroup> groups = {GroupOf(50, {20, 30}), GroupOf(0, {100})};
  Mailbox<absl::Duration> taken;
  std::thread pass([&] {
    const absl::Time began = clock.Now();
    EXPECT_EQ(scorer.ScoreBatch(groups).size(), 3);
    taken.Put(clock.Now() - began);
  });
  clock.AwaitWaiters(1);
  clock.Advance(absl::Milliseconds(1999));
  EXPECT_EQ(taken.size(), 0);
  clock.AwaitWaiters(1);
  clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(taken.Await(1)[0], absl::Seconds(2));
  pass.join();
}

TEST(PacedScorerTest, ScoresAreTheFakesOwn) {
  FakeClock clock;
  PacedScorer scorer({}, &clock);
  const PromptGroup group = GroupOf(2, {1, 3});
  const auto results = scorer.ScoreBatch({&group, 1});
  EXPECT_EQ(results[1]->score, FakeScoreOf({0, 1, 3, 4, 5}));
}

TEST(PacedScorerTest, TooManyGroupsAreOutOfMemoryAndAreNotCounted) {
  FakeClock clock;
  PacedScorer scorer({.memory_groups = 1}, &clock);
  const std::vector<PromptGroup> groups(2, GroupOf(1, {1}, kCountedMark));
  for (const auto& result : scorer.ScoreBatch(groups)) {
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kResourceExhausted));
  }
  EXPECT_EQ(scorer.counted(), 0);
  EXPECT_OK(scorer.ScoreBatch(absl::MakeSpan(groups).subspan(0, 1))[0]);
  EXPECT_EQ(scorer.counted(), 1);
}

}  // namespace
}  // namespace assay::testing
