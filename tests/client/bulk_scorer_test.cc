#include "client/bulk_scorer.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"
#include "tests/client/bulk_runs.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

// Scores `count` requests, request i with the response TextOf(i), and checks that each is answered
// exactly once.
Outcome ScoreMany(const std::string& address, int64_t count, BulkOptions options = {},
                  absl::Duration timeout = absl::Seconds(60)) {
  ReplicaSet replicas(ReplicasAt({address}));
  Outcome outcome;
  outcome.replies.assign(count, absl::UnknownError("no answer"));
  std::vector<int> answers(count, 0);
  std::atomic<int64_t> pulled = 0;
  std::atomic<int64_t> answered = 0;
  std::atomic<int64_t> most_open = 0;
  options.on_reconnect = [&](const absl::Status&) { ++outcome.reconnects; };
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, timeout, options);
  outcome.verdict = scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        if (pulled == count) return std::nullopt;
        most_open = std::max<int64_t>(most_open, pulled + 1 - answered);
        return ScoreRequest{.prompt = {{"user", "p"}}, .responses = {TextOf(pulled++)}};
      },
      [&](int64_t index, absl::StatusOr<ScoreReply> reply) {
        ++answers[index];
        outcome.replies[index] = std::move(reply);
        ++answered;
      });
  for (int64_t i = 0; i < pulled; ++i) EXPECT_EQ(answers[i], 1) << "item " << i;
  for (int64_t i = pulled; i < count; ++i) EXPECT_EQ(answers[i], 0) << "item " << i;
  outcome.most_open = most_open;
  return outcome;
}

TEST(BulkScorerTest, RepliesOutOfOrderFindTheirRequests) {
  FakeRewardService service;
  service.AnswerInReverse(8);
  ExpectAllRight(ScoreMany(service.address(), 80, {.max_in_flight = 8}));
  EXPECT_EQ(service.most_unanswered(), 8);
}

TEST(BulkScorerTest, TenThousandItemsNeverHoldMoreThanTheBoundOpen) {
  FakeRewardService service;
  const Outcome outcome = ScoreMany(service.address(), 10'000, {.max_in_flight = 32});
  ExpectAllRight(outcome);
  EXPECT_LE(outcome.most_open, 32);
  EXPECT_GE(outcome.most_open, 16);  // The bound is used.
  EXPECT_LE(service.most_unanswered(), 32);
  EXPECT_EQ(service.requests(), 10'000);  // Nothing was sent twice.
  EXPECT_EQ(service.streams(), 1);
}

TEST(BulkScorerTest, NothingToScoreOpensNoStream) {
  FakeRewardService service;
  ExpectAllRight(ScoreMany(service.address(), 0));
  EXPECT_EQ(service.streams(), 0);
}

TEST(BulkScorerTest, AStreamBrokenMidwayLosesAndRepeatsNoAnswer) {
  FakeRewardService service;
  service.AnswerInReverse(4);
  for (const int replies : {0, 1, 7, 32})
    service.BreakStreamAfter(replies, absl::UnavailableError("reset"));
  const Outcome outcome = ScoreMany(service.address(), 400, {.max_in_flight = 16});
  ExpectAllRight(outcome);
  EXPECT_EQ(service.streams(), 5);
  EXPECT_GE(outcome.reconnects, 1);  // The first one's end meets what it was opened for.
  EXPECT_LE(outcome.reconnects, 4);
}

TEST(BulkScorerTest, AStreamTheServerEndsWithoutAnErrorIsOpenedAgain) {
  FakeRewardService service;
  service.BreakStreamAfter(3, absl::OkStatus());
  ExpectAllRight(ScoreMany(service.address(), 20, {.max_in_flight = 4}));
  EXPECT_EQ(service.streams(), 2);
}

TEST(BulkScorerTest, RefusedItemsAreSentAgainOnTheSameStream) {
  FakeRewardService service;
  service.RefuseNext(10,
                     WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(1)));
  service.RefuseNext(10, absl::UnavailableError("draining"));
  ExpectAllRight(ScoreMany(service.address(), 50));
  EXPECT_EQ(service.requests(), 70);
  EXPECT_EQ(service.streams(), 1);
}

TEST(BulkScorerTest, AnItemsOwnErrorIsItsAnswerAndIsNotRetried) {
  FakeRewardService service;
  service.Refuse(TextOf(3), absl::InvalidArgumentError("responses[0]"));
  const Outcome outcome = ScoreMany(service.address(), 10);
  EXPECT_OK(outcome.verdict);
  EXPECT_THAT(outcome.replies[3], StatusIs(absl::StatusCode::kInvalidArgument, "responses[0]"));
  EXPECT_OK(outcome.replies[4]);
  EXPECT_EQ(service.requests(), 10);
}

TEST(BulkScorerTest, TheItemThatBreaksTheStreamIsAnsweredWithItsErrorAndTheOthersAreScored) {
  FakeRewardService service;
  service.BreakStreamOn(TextOf(5), absl::ResourceExhaustedError("message larger than max"));
  Outcome outcome = ScoreMany(service.address(), 40, {.max_in_flight = 16});
  EXPECT_OK(outcome.verdict);
  EXPECT_THAT(outcome.replies[5],
              StatusIs(absl::StatusCode::kResourceExhausted, "message larger than max"));
  for (int i = 0; i < 40; ++i) {
    if (i == 5) continue;
    EXPECT_OK(outcome.replies[i]) << i;
  }
}

TEST(BulkScorerTest, AMessageOverTheServersSizeLimitFailsAlone) {
  FakeRewardService service;  // Takes 1 MiB.
  ReplicaSet replicas(ReplicasAt({service.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Seconds(60), {});
  int next = 0;
  std::vector<absl::Status> statuses(6);
  EXPECT_OK(scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        if (next == 6) return std::nullopt;
        const size_t bytes = next++ == 2 ? 2 << 20 : 10;
        return ScoreRequest{.prompt = {{"user", "p"}}, .responses = {std::string(bytes, 'x')}};
      },
      [&](int64_t index, absl::StatusOr<ScoreReply> reply) { statuses[index] = reply.status(); }));
  for (int i = 0; i < 6; ++i) {
    EXPECT_THAT(statuses[i].code(),
                i == 2 ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kOk)
        << i;
  }
}

TEST(BulkScorerTest, AReplyThatIsSentTwiceIsDeliveredOnce) {
  FakeRewardService service;
  service.AnswerTwice();
  ExpectAllRight(ScoreMany(service.address(), 100, {.max_in_flight = 8}));
}

TEST(BulkScorerTest, ATextThatIsNotUtf8IsAnsweredHereAndTheOthersAreScored) {
  FakeRewardService service;
  ReplicaSet replicas(ReplicasAt({service.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Seconds(60), {.max_in_flight = 1});
  int next = 0;
  std::vector<absl::Status> statuses(3);
  EXPECT_OK(scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        if (next == 3) return std::nullopt;
        return ScoreRequest{.prompt = {{"user", "p"}},
                            .responses = {next++ == 1 ? "\xFF" : "fine"}};
      },
      [&](int64_t index, absl::StatusOr<ScoreReply> reply) { statuses[index] = reply.status(); }));
  EXPECT_OK(statuses[0]);
  EXPECT_THAT(statuses[1], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("responses[0]")));
  EXPECT_OK(statuses[2]);
}

TEST(BulkScorerTest, ASilentServerIsGivenUpAfterTheTimeout) {
  FakeRewardService service;
  service.GoSilent();
  FakeClock clock;
  ReplicaSet replicas(ReplicasAt({service.address()}));
  BulkScorer scorer(&replicas, &clock, kFastRetry, absl::Minutes(1), {.max_in_flight = 4});
  int64_t pulled = 0;
  std::thread bulk([&] {
    EXPECT_THAT(scorer.Run([&] { return std::optional(RequestOf(pulled++)); },
                           [](int64_t, absl::StatusOr<ScoreReply>) {}),
                StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("1m")));
  });
  service.AwaitRequests(4);
  clock.Advance(absl::Minutes(1));
  bulk.join();
  EXPECT_EQ(service.requests(), 4);  // Others were not tried in vain.
}

TEST(BulkScorerTest, GivingUpIsToldOnceAfterTheLastGoodAnswerAndBeforeTheOthers) {
  FakeRewardService service;
  service.BreakStreamAfter(10, absl::PermissionDeniedError("no"));
  int good = 0;
  int good_when_told = -1;
  int times_told = 0;
  ReplicaSet replicas(ReplicasAt({service.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Seconds(60),
                    {.max_in_flight = 4, .on_give_up = [&](const absl::Status& why) {
                       EXPECT_THAT(why, StatusIs(absl::StatusCode::kPermissionDenied));
                       good_when_told = good;
                       ++times_told;
                     }});
  int pulled = 0;
  EXPECT_THAT(scorer.Run(
                  [&]() -> std::optional<ScoreRequest> {
                    ++pulled;
                    return ScoreRequest{.prompt = {{"user", "p"}}, .responses = {"r"}};
                  },
                  [&](int64_t, absl::StatusOr<ScoreReply> reply) {
                    EXPECT_EQ(reply.ok(), times_told == 0);
                    if (reply.ok()) ++good;
                  }),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(times_told, 1);
  EXPECT_EQ(good_when_told, 10);
}

TEST(BulkScorerTest, AServerThatIsNotThereIsGivenUpAfterTheTimeout) {
  const RefusingPort gone;
  const Outcome outcome =
      ScoreMany(gone.address(), 1000, {.max_in_flight = 4}, absl::Milliseconds(100));
  EXPECT_THAT(outcome.verdict, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(outcome.replies[0], StatusIs(absl::StatusCode::kUnavailable));
}

TEST(BulkScorerTest, ASourceThatWaitsHoldsUpNoAnswer) {
  FakeRewardService service;
  ReplicaSet replicas(ReplicasAt({service.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Seconds(60), {});
  Mutex mu;
  CondVar changed;
  int64_t answered = 0;
  int64_t pulled = 0;
  // The next request is made only once the last one is answered, as a caller at the other end of a
  // pipe would.
  EXPECT_OK(scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        MutexLock lock(&mu);
        while (answered < pulled) changed.wait(mu);
        if (pulled == 20) return std::nullopt;
        return ScoreRequest{.prompt = {{"user", "p"}}, .responses = {TextOf(pulled++)}};
      },
      [&](int64_t, absl::StatusOr<ScoreReply>) {
        MutexLock lock(&mu);
        ++answered;
        changed.notify_all();
      }));
  EXPECT_EQ(answered, 20);
}

TEST(BulkScorerTest, CancelBeforeRunAnswersWhatWasPulled) {
  FakeRewardService service;
  ReplicaSet replicas(ReplicasAt({service.address()}));
  BulkScorer scorer(&replicas, Clock::Real(), kFastRetry, absl::Seconds(60), {});
  scorer.Cancel();
  int pulled = 0;
  int answered = 0;
  const absl::Status verdict = scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        ++pulled;
        return ScoreRequest{.prompt = {{"user", "p"}}, .responses = {"r"}};  // Without an end.
      },
      [&](int64_t, absl::StatusOr<ScoreReply>) { ++answered; });
  EXPECT_THAT(verdict, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(answered, pulled);
}

TEST(BulkScorerTest, OptionsOutOfRangeAreNamed) {
  EXPECT_OK(BulkOptions().Validate());
  EXPECT_THAT(BulkOptions({.max_in_flight = 0}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("max_in_flight is 0")));
  EXPECT_THAT(BulkOptions({.max_in_flight = 1 << 20}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("65536")));
}

}  // namespace
}  // namespace assay::client
