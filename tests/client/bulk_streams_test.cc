// Several servers.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "client/bulk_scorer.h"
#include "tests/client/await_readiness.h"
#include "tests/client/bulk_runs.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::AwaitReadiness;
using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A server that is gone is not tried again within a test.
constexpr RetryPolicy kNoReturn = {.initial = absl::Hours(10000), .max = absl::Hours(10000)};

// Scores `count` requests and checks that each is answered exactly once; `on_answer` is told how many
// answers there were.
Outcome ScoreOn(ReplicaSet* replicas, int64_t count, BulkOptions options,
                const std::function<void(int64_t)>& on_answer = {},
                const std::string& revision = "", const RetryPolicy& retry = kNoReturn) {
  Outcome outcome;
  outcome.replies.assign(count, absl::UnknownError("no answer"));
  options.on_reconnect = [&](const absl::Status&) { ++outcome.reconnects; };
  BulkScorer scorer(replicas, Clock::Real(), retry, absl::Seconds(60), std::move(options));
  int64_t next = 0;
  int64_t answered = 0;
  outcome.verdict = scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        if (next == count) return std::nullopt;
        ScoreRequest request = RequestOf(next++);
        request.model_revision = revision;
        return request;
      },
      [&](int64_t index, absl::StatusOr<ScoreReply> reply) {
        EXPECT_FALSE(outcome.replies[index].ok()) << index;
        outcome.replies[index] = std::move(reply);
        ++answered;
        if (on_answer) on_answer(answered);
      });
  EXPECT_EQ(answered, count);
  return outcome;
}

TEST(BulkStreamsTest, SeveralServersShareTheWork) {
  FakeRewardService first;
  FakeRewardService second;
  ReplicaSet replicas(ReplicasAt({first.address(), second.address()}));
  ExpectAllRight(ScoreOn(&replicas, 2000, {.max_in_flight = 8}));
  EXPECT_EQ(first.requests() + second.requests(), 2000);
  EXPECT_GT(first.requests(), 0);
  EXPECT_GT(second.requests(), 0);
}

TEST(BulkStreamsTest, TheBoundIsEachServersOwn) {
  FakeRewardService first;
  FakeRewardService second;
  first.GoSilent();
  second.GoSilent();
  ReplicaSet replicas(ReplicasAt({first.address(), second.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Hours(1), {.max_in_flight = 4});
  int answered = 0;
  std::thread bulk([&] {
    EXPECT_THAT(
        scorer.Run(
            [] {
              return std::optional(ScoreRequest{.prompt = {{"user", "p"}}, .responses = {"r"}});
            },
            [&](int64_t, absl::StatusOr<ScoreReply>) { ++answered; }),
        StatusIs(absl::StatusCode::kCancelled));
  });
  first.AwaitRequests(4);
  second.AwaitRequests(4);
  scorer.Cancel();
  bulk.join();
  EXPECT_GE(answered, 8);
  EXPECT_EQ(first.requests(), 4);
  EXPECT_EQ(second.requests(), 4);
}

TEST(BulkStreamsTest, AServerThatDiesMidwayLosesNothingAndNothingWaitsForIt) {
  FakeRewardService stays;
  auto dies = std::make_unique<FakeRewardService>();
  ReplicaSet replicas(ReplicasAt({stays.address(), dies->address()}));
  const Outcome outcome = ScoreOn(&replicas, 3000, {.max_in_flight = 16}, [&](int64_t answered) {
    if (answered == 1000) dies = nullptr;
  });
  ExpectAllRight(outcome);
  EXPECT_GE(outcome.reconnects, 1);
  EXPECT_GE(stays.requests(), 2000);
}

TEST(BulkStreamsTest, AServerThatWasNeverThereIsDoneWithout) {
  const RefusingPort gone;
  FakeRewardService here;
  ReplicaSet replicas(ReplicasAt({gone.address(), here.address()}));
  ExpectAllRight(ScoreOn(&replicas, 500, {.max_in_flight = 8}));
  EXPECT_EQ(here.requests(), 500);
}

TEST(BulkStreamsTest, AServerThatIsKnownToFailIsNotOpenedWhileAnotherWorks) {
  const RefusingPort gone;
  FakeRewardService here;
  ReplicaSet replicas(ReplicasAt({gone.address(), here.address()}));
  AwaitReadiness(*replicas.Current()[0], Readiness::kFailing);
  const Outcome outcome = ScoreOn(&replicas, 500, {.max_in_flight = 8});
  ExpectAllRight(outcome);
  EXPECT_EQ(outcome.reconnects, 0);
}

TEST(BulkStreamsTest, RequestsOnAStreamAreOutstandingOnItsReplicaUntilTheyAreAnswered) {
  FakeRewardService service;
  ReplicaSet replicas(ReplicasAt({service.address()}));
  const Replica& replica = *replicas.Current()[0];
  int64_t at_first_answer = 0;
  ExpectAllRight(ScoreOn(&replicas, 100, {.max_in_flight = 8}, [&](int64_t answered) {
    if (answered == 1) at_first_answer = replica.outstanding();
    EXPECT_LE(replica.outstanding(), 8);
  }));
  EXPECT_GE(at_first_answer, 1);
  EXPECT_EQ(replica.outstanding(), 0);
}

TEST(BulkStreamsTest, AServerWithADefectOfItsOwnCostsNoRequestItsScore) {
  FakeRewardService well;
  FakeRewardService broken;
  for (int i = 0; i < 200; ++i) {
    broken.BreakStreamOn(TextOf(i), absl::InternalError("a defect"));
  }
  ReplicaSet replicas(ReplicasAt({broken.address(), well.address()}));
  ExpectAllRight(ScoreOn(&replicas, 200, {.max_in_flight = 4}, {}, "", kFastRetry));
  EXPECT_GE(broken.streams(), 2);
}

TEST(BulkStreamsTest, AServerOfAnotherRevisionGivesNoScoreAndLosesNone) {
  FakeRewardService ours;
  FakeRewardService another;
  another.SetRevision("another");
  ReplicaSet replicas(ReplicasAt({another.address(), ours.address()}));
  ExpectAllRight(ScoreOn(&replicas, 500, {.max_in_flight = 8, .one_revision = true}, {},
                         "fake-revision-0123456789"));
  EXPECT_GE(another.requests(), 1);
  EXPECT_LE(another.requests(), 8);  // Only what was under way when it first refused.
  EXPECT_EQ(ours.requests(), 500);
}

TEST(BulkStreamsTest, WhereOnlyOtherRevisionsAreServedTheRunEndsAtOnce) {
  FakeRewardService first;
  FakeRewardService second;
  first.SetRevision("another");
  second.SetRevision("a third");
  ReplicaSet replicas(ReplicasAt({first.address(), second.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Hours(1),
                    {.max_in_flight = 4, .one_revision = true});
  EXPECT_THAT(scorer.Run(
                  [] {
                    ScoreRequest request = RequestOf(0);
                    request.model_revision = "ours";
                    return std::optional(std::move(request));  // Without an end.
                  },
                  [](int64_t, const absl::StatusOr<ScoreReply>& reply) {
                    EXPECT_THAT(reply, StatusIs(absl::StatusCode::kFailedPrecondition));
                  }),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("no server is left"), HasSubstr("which is a"))));
}

}  // namespace
}  // namespace assay::client
