#include "client/reward_client.h"

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::IsOk;
using ::assay::testing::RefusingPort;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);

std::unique_ptr<RewardClient> ClientOf(const FakeRewardService& service,
                                       RetryPolicy retry = {.initial = absl::Milliseconds(1),
                                                            .max = absl::Milliseconds(5)}) {
  auto client = RewardClient::Connect(service.address(), {.retry = retry});
  EXPECT_THAT(client, IsOk());
  return *std::move(client);
}

ScoreRequest RequestOf(std::vector<std::string> responses) {
  return {.prompt = {{"user", "p"}}, .responses = std::move(responses)};
}

TEST(RewardClientTest, ScoresResponsesInTheirOrder) {
  FakeRewardService service;
  ASSERT_OK_AND_ASSIGN(const ScoreReply reply,
                       ClientOf(service)->Score(RequestOf({"a", "b", ""}), kLong));
  ASSERT_EQ(reply.results.size(), 3);
  EXPECT_EQ(reply.results[0]->score, FakeRewardService::ScoreOf("p", "a"));
  EXPECT_EQ(reply.results[1]->score, FakeRewardService::ScoreOf("p", "b"));
  EXPECT_EQ(reply.results[2]->score, FakeRewardService::ScoreOf("p", ""));
}

TEST(RewardClientTest, OneBadResponseLeavesItsNeighboursTheirScores) {
  FakeRewardService service;
  service.FailResult("b", absl::InvalidArgumentError("too long"));
  ASSERT_OK_AND_ASSIGN(const ScoreReply reply,
                       ClientOf(service)->Score(RequestOf({"a", "b"}), kLong));
  EXPECT_THAT(reply.results[0], IsOk());
  EXPECT_THAT(reply.results[1], StatusIs(absl::StatusCode::kInvalidArgument, "too long"));
}

TEST(RewardClientTest, TheServersErrorsArriveUnchanged) {
  FakeRewardService service;
  service.Refuse("x", absl::FailedPreconditionError("another revision"));
  EXPECT_THAT(ClientOf(service)->Score(RequestOf({"x"}), kLong),
              StatusIs(absl::StatusCode::kFailedPrecondition, "another revision"));
}

TEST(RewardClientTest, ATimeoutThatIsNotPositiveIsRefusedByEveryCall) {
  FakeRewardService service;
  const auto client = ClientOf(service);
  const auto is_refused = StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("timeout"));
  EXPECT_THAT(client->Score(RequestOf({"a"}), absl::ZeroDuration()), is_refused);
  EXPECT_THAT(client->GetModel(-absl::Seconds(1)), is_refused);
  const auto never = []() -> std::optional<ScoreRequest> {
    ADD_FAILURE() << "pulled";
    return std::nullopt;
  };
  EXPECT_THAT(client->ScoreAll(
                  never, [](int64_t, absl::StatusOr<ScoreReply>) {}, {}, absl::ZeroDuration()),
              is_refused);
  EXPECT_EQ(service.requests(), 0);
}

TEST(RewardClientTest, ConnectRefusesAnEmptyAddressAndBadOptions) {
  EXPECT_THAT(RewardClient::Connect(""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("address")));
  EXPECT_THAT(RewardClient::Connect("x:1", {.retry = {.multiplier = 0}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry.multiplier")));
  EXPECT_THAT(RewardClient::Connect("x:1", {.hedge = {.max_share = 2}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("hedge.max_share")));
}

TEST(RewardClientTest, AServerThatIsNotThereIsUnavailableBothForTheModelAndForAScore) {
  const RefusingPort gone;
  ASSERT_OK_AND_ASSIGN(const auto client, RewardClient::Connect(gone.address()));
  EXPECT_THAT(client->GetModel(kLong), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(client->Score(RequestOf({"a"}), absl::Milliseconds(50)),
              ::testing::AnyOf(StatusIs(absl::StatusCode::kUnavailable),
                               StatusIs(absl::StatusCode::kDeadlineExceeded)));
}

TEST(RewardClientTest, GetModelTellsWhatIsLoaded) {
  FakeRewardService service({"helpful", "harmless"});
  ASSERT_OK_AND_ASSIGN(const ModelInfo info, ClientOf(service)->GetModel(kLong));
  EXPECT_EQ(info.name, "fake");
  EXPECT_THAT(info.objectives, ElementsAre("helpful", "harmless"));
}

TEST(RewardClientTest, ManyThreadsShareAClientAndEachGetsItsOwnAnswer) {
  FakeRewardService service;
  service.RefuseNext(20,
                     WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(1)));
  const auto client = ClientOf(service);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string text = absl::StrCat(t, "/", i);
        const auto reply = client->Score(RequestOf({text}), kLong);
        if (reply.ok() && reply->results[0]->score == FakeRewardService::ScoreOf("p", text))
          ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 8 * 50);
}

TEST(RewardClientTest, DestructionCancelsWhatIsUnderWayAndRunsEveryCallbackFirst) {
  FakeRewardService service;
  service.GoSilent();
  auto client = ClientOf(service);
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < 10; ++i) {
    client->ScoreAsync(RequestOf({"a"}), absl::Hours(1), [&](absl::StatusOr<ScoreReply> reply) {
      if (absl::IsCancelled(reply.status())) ++cancelled;
    });
  }
  service.AwaitRequests(10);
  client.reset();
  EXPECT_EQ(cancelled, 10);
}

TEST(RewardClientTest, DestructionEndsACallThatWaitsForItsNextAttempt) {
  FakeRewardService service;
  service.RefuseNext(1 << 20, absl::UnavailableError("down"));
  auto client = ClientOf(service, {.initial = absl::Hours(1), .max = absl::Hours(1)});
  std::atomic<bool> done = false;
  client->ScoreAsync(RequestOf({"a"}), absl::Hours(1000),
                     [&](absl::StatusOr<ScoreReply>) { done = true; });
  service.AwaitRequests(1);
  client.reset();
  EXPECT_TRUE(done);
}

TEST(RewardClientTest, DestructionEndsAScoreAllOnAnotherThreadWithEveryItemAnswered) {
  FakeRewardService service;
  service.GoSilent();
  auto client = ClientOf(service);
  int given = 0;
  std::map<int64_t, absl::Status> answers;
  absl::Status verdict;
  std::thread bulk([&, raw = client.get()] {
    verdict = raw->ScoreAll(
        [&]() -> std::optional<ScoreRequest> {
          return ++given <= 20 ? std::optional(RequestOf({"a"})) : std::nullopt;
        },
        [&](int64_t index, absl::StatusOr<ScoreReply> reply) { answers[index] = reply.status(); },
        {.max_in_flight = 20}, absl::Hours(1));
  });
  service.AwaitRequests(20);
  client.reset();
  bulk.join();
  EXPECT_THAT(verdict, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(answers.size(), 20);
  for (const auto& [index, status] : answers)
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
}

// gRPC aborts when the last reference to a channel goes on one of its own threads. No server here:
// in this process it would hold gRPC's threads alive.
TEST(RewardClientTest, AClientMayBeDestroyedTheMomentItsCallReturns) {
  const RefusingPort gone;
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK_AND_ASSIGN(
        auto client, RewardClient::Connect(gone.address(), {.retry = {.initial = absl::Hours(10000),
                                                                      .max = absl::Hours(10000)}}));
    EXPECT_THAT(client->Score(RequestOf({"a"}), absl::Seconds(1)),
                StatusIs(absl::StatusCode::kUnavailable));
    client.reset();

    ASSERT_OK_AND_ASSIGN(client, RewardClient::Connect(gone.address()));
    int pulled = 0;
    EXPECT_FALSE(
        client
            ->ScoreAll(
                [&] { return ++pulled == 1 ? std::optional(RequestOf({"a"})) : std::nullopt; },
                [](int64_t, absl::StatusOr<ScoreReply>) {}, {}, absl::Milliseconds(1))
            .ok());
    client.reset();
  }
}

TEST(RewardClientTest, AMegabyteReplyPassesTheChannel) {
  std::vector<std::string> objectives;
  for (int k = 0; k < 20; ++k) objectives.push_back(absl::StrCat("objective-", k));
  FakeRewardService service(objectives);
  ScoreRequest request =
      RequestOf(std::vector<std::string>(30'000, "a"));  // 240 bytes of scores each: 7 MB.
  request.detail = Detail::kObjectives;
  ASSERT_OK_AND_ASSIGN(const ScoreReply reply, ClientOf(service)->Score(request, kLong));
  EXPECT_EQ(reply.results.size(), 30'000);
  EXPECT_EQ(reply.results[29'999]->rewards.size(), 20);
}

}  // namespace
}  // namespace assay::client
