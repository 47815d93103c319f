#include "server/result_gatherer.h"

#include <string>

#include "tests/testing/builders.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::GroupOf;
using testing::IsOk;
using testing::Mailbox;
using testing::StatusIs;

const absl::Time kEncodedAt = absl::FromUnixSeconds(100);

class ResultGathererTest : public ::testing::Test {
 protected:
  ScoredRequestCallback Done() {
    return [this](absl::StatusOr<ScoredRequest> scored) { answers_.Put(std::move(scored)); };
  }

  // Three responses of the request are in the group, the second of four is not.
  static EncodedGroup Encoded() {
    EncodedGroup encoded{.group = GroupOf(10, {1, 2, 3}), .slots = {}};
    encoded.group.responses[2].truncated_tokens = 7;
    encoded.slots.emplace_back(size_t{0});
    encoded.slots.emplace_back(absl::InvalidArgumentError("too long"));
    encoded.slots.emplace_back(size_t{2});
    encoded.slots.emplace_back(size_t{1});
    return encoded;
  }

  static RewardScore ScoreOf(float score) {
    RewardScore scored;
    scored.score = score;
    return scored;
  }

  static TaskScores ScoresOf(const std::vector<float>& scores, absl::Time began) {
    TaskScores task{.scores = {}, .forward_began = began, .forward = absl::Seconds(1)};
    for (float score : scores) task.scores.emplace_back(ScoreOf(score));
    return task;
  }

  Mailbox<absl::StatusOr<ScoredRequest>> answers_;
};

TEST_F(ResultGathererTest, EachScoreGoesToItsResponsesPlace) {
  EncodedGroup encoded = Encoded();
  ResultGatherer gatherer(encoded, {}, kEncodedAt, Done());
  gatherer.Report({0, 1, 2}, ScoresOf({0.5f, 1.5f, 2.5f}, kEncodedAt));
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, answers_.Await(1)[0]);
  ASSERT_EQ(scored.results.size(), 4);
  EXPECT_EQ(scored.results[0]->score.score, 0.5f);
  EXPECT_THAT(scored.results[1], StatusIs(absl::StatusCode::kInvalidArgument, "too long"));
  EXPECT_EQ(scored.results[2]->score.score, 2.5f);
  EXPECT_EQ(scored.results[2]->input_tokens, 13);
  EXPECT_EQ(scored.results[2]->truncated_tokens, 7);
  EXPECT_EQ(scored.results[3]->score.score, 1.5f);
  EXPECT_EQ(scored.results[3]->input_tokens, 12);
}

TEST_F(ResultGathererTest, TheAnswerWaitsForTheLastTaskAndTakesItsTimes) {
  EncodedGroup encoded = Encoded();
  ResultGatherer gatherer(encoded, {.encode = absl::Seconds(9)}, kEncodedAt, Done());
  TaskScores last = ScoresOf({2.5f}, kEncodedAt + absl::Seconds(8));
  last.forward = absl::Seconds(3);
  gatherer.Report({2}, last);
  EXPECT_EQ(answers_.size(), 0);
  gatherer.Report({0, 1}, ScoresOf({0.5f, 1.5f}, kEncodedAt + absl::Seconds(5)));
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, answers_.Await(1)[0]);
  EXPECT_EQ(scored.times.encode, absl::Seconds(9));
  EXPECT_EQ(scored.times.queue, absl::Seconds(8));
  EXPECT_EQ(scored.times.forward, absl::Seconds(3));
}

TEST_F(ResultGathererTest, AResponsesErrorStaysInItsPlace) {
  EncodedGroup encoded = Encoded();
  ResultGatherer gatherer(encoded, {}, kEncodedAt, Done());
  TaskScores scores = ScoresOf({0.5f, 1.5f, 2.5f}, kEncodedAt);
  scores.scores[1] = absl::InternalError("not finite");
  gatherer.Report({0, 1, 2}, scores);
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, answers_.Await(1)[0]);
  EXPECT_OK(scored.results[0]);
  EXPECT_THAT(scored.results[3], StatusIs(absl::StatusCode::kInternal));
  EXPECT_OK(scored.results[2]);
}

TEST_F(ResultGathererTest, ATasksErrorFailsTheRequestAtOnceAndOnlyOnce) {
  EncodedGroup encoded = Encoded();
  ResultGatherer gatherer(encoded, {}, kEncodedAt, Done());
  gatherer.Report({0}, ScoresOf({2.5f}, kEncodedAt));
  EXPECT_EQ(answers_.size(), 0);
  gatherer.Report({1}, absl::DeadlineExceededError("late"));
  EXPECT_THAT(answers_.Await(1)[0], StatusIs(absl::StatusCode::kDeadlineExceeded, "late"));
  gatherer.Report({2}, absl::CancelledError("gone"));
  EXPECT_EQ(answers_.size(), 1);
}

TEST_F(ResultGathererTest, ARequestWithoutAnyTaskIsAnsweredByAnEmptyReport) {
  EncodedGroup encoded;
  encoded.slots.emplace_back(absl::InvalidArgumentError("too long"));
  ResultGatherer gatherer(encoded, {.encode = absl::Seconds(2)}, kEncodedAt, Done());
  gatherer.Report({}, TaskScores{});
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, answers_.Await(1)[0]);
  EXPECT_THAT(scored.results[0], StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(scored.times.encode, absl::Seconds(2));
  EXPECT_EQ(scored.times.queue, absl::ZeroDuration());
}

}  // namespace
}  // namespace assay
