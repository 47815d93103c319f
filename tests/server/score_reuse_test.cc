#include "server/score_reuse.h"

#include <map>

#include "tests/testing/builders.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using testing::GroupOf;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(100);
const Flow kA = {.tenant = "a"};

class ScoreReuseTest : public ::testing::Test {
 protected:
  ScoreReuse::Own Take(const Flow& flow, PromptGroup group) {
    return reuse_.TakeKnown(
        flow, std::move(group), {}, kNow,
        [this](absl::Span<const size_t> indices, absl::StatusOr<TaskScores> scores) {
          ASSERT_EQ(indices.size(), 1);
          reported_[indices[0]] = scores.ok() ? scores->scores[0]->score : -1;
        });
  }
  // A request's own work in flight.
  std::shared_ptr<FlightTable::Flight> Begin(const Flow& flow, const ScoreReuse::Own& own) {
    auto flight = reuse_.Begin(flow, own.keys, std::make_shared<TaskInterest>(Waiter()));
    reuse_.Open(flow, flight);
    return flight;
  }
  static TaskScores ScoresOf(const std::vector<float>& scores) {
    TaskScores task;
    for (const float score : scores) task.scores.push_back(RewardScore{.score = score});
    return task;
  }

  ScoreReuse reuse_{"model", 1 << 20};
  std::map<size_t, float> reported_;
};

TEST_F(ScoreReuseTest, WhatNobodyKnowsIsTheRequestsOwnWork) {
  const ScoreReuse::Own own = Take(kA, GroupOf(2, {1, 2, 3}));
  EXPECT_THAT(own.indices, ElementsAre(0, 1, 2));
  EXPECT_EQ(own.keys.size(), 3);
  EXPECT_EQ(own.group.prefix.size(), 2);
  EXPECT_EQ(own.group.responses.size(), 3);
  EXPECT_THAT(reported_, IsEmpty());
}

TEST_F(ScoreReuseTest, KeptScoresAreReportedAtOnce) {
  const ScoreReuse::Own first = Take(kA, GroupOf(2, {1, 1}));
  reuse_.Land(kA, Begin(kA, first), first.keys, ScoresOf({5, 6}));
  PromptGroup group = GroupOf(2, {1, 1, 1});
  const ScoreReuse::Own second = Take(kA, group);
  EXPECT_THAT(second.indices, ElementsAre(2));
  EXPECT_EQ(second.group.responses[0].tokens, group.responses[2].tokens);
  EXPECT_EQ(reported_, (std::map<size_t, float>{{0, 5}, {1, 6}}));
  EXPECT_EQ(reuse_.cached_responses(), 2);
}

TEST_F(ScoreReuseTest, ScoresInFlightAreReportedWhenTheyLand) {
  const ScoreReuse::Own first = Take(kA, GroupOf(2, {1, 1}));
  const auto flight = Begin(kA, first);
  EXPECT_THAT(Take(kA, GroupOf(2, {1})).indices, IsEmpty());
  EXPECT_THAT(reported_, IsEmpty());
  reuse_.Land(kA, flight, first.keys, ScoresOf({5, 6}));
  EXPECT_EQ(reported_, (std::map<size_t, float>{{0, 5}}));
  EXPECT_EQ(reuse_.coalesced_responses(), 1);
}

TEST_F(ScoreReuseTest, NobodyWaitsForLessUrgentOrForAnothersWork) {
  const Flow bulk = {.tenant = "a", .priority = Priority::kBulk};
  const auto flight = Begin(bulk, Take(bulk, GroupOf(2, {1})));
  EXPECT_EQ(Take(kA, GroupOf(2, {1})).indices.size(), 1);
  EXPECT_EQ(Take({.tenant = "b", .priority = Priority::kBulk}, GroupOf(2, {1})).indices.size(), 1);
  EXPECT_EQ(Take(bulk, GroupOf(2, {1})).indices.size(), 0);
  reuse_.Land(bulk, flight, {}, absl::UnavailableError("gone"));
}

}  // namespace
}  // namespace assay
