#include "server/server.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/builders.h"
#include "tests/testing/http_get.h"
#include "tests/testing/raw_call.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using testing::Ask;
using testing::ExpectedScore;
using testing::FakeEncoder;
using testing::FakeModelInfo;
using testing::FakeScorer;
using testing::FakeTokensOf;
using ::testing::HasSubstr;
using testing::HealthOf;
using testing::HttpGet;
using ::testing::Not;
using testing::RunningServer;
using testing::ScoreRequestOf;
using testing::StatusIs;
using testing::StreamRequestOf;
using testing::TestOptions;
using testing::Works;

constexpr char kService[] = "assay.v1.RewardService";

std::vector<std::unique_ptr<Scorer>> OneScorer(std::unique_ptr<FakeScorer> scorer) {
  std::vector<std::unique_ptr<Scorer>> scorers;
  scorers.push_back(std::move(scorer));
  return scorers;
}

absl::Status CreateWith(const ServerOptions& options, std::vector<std::unique_ptr<Scorer>> scorers,
                        int64_t max_tokens = 4096) {
  return Server::Create(options, {.info = FakeModelInfo(),
                                  .encoder = std::make_unique<FakeEncoder>(max_tokens),
                                  .scorers = std::move(scorers)})
      .status();
}

TEST(ServerTest, AnAddressInUseIsAClearError) {
  RunningServer running;
  ServerOptions options;
  options.listen = running.server().address();
  EXPECT_THAT(CreateWith(options, OneScorer(std::make_unique<FakeScorer>())),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(options.listen), HasSubstr("in use"))));
  EXPECT_TRUE(Works(running.channel()));
}

TEST(ServerTest, BadOptionsAreRefused) {
  ServerOptions options = TestOptions();
  options.max_responses = 0;
  EXPECT_THAT(CreateWith(options, OneScorer(std::make_unique<FakeScorer>())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("max_responses")));
  EXPECT_THAT(CreateWith(TestOptions(), {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scorers")));
}

TEST(ServerTest, AModelThatFailsItsFirstPassIsNotServed) {
  auto broken = std::make_unique<FakeScorer>();
  broken->RunOutOfMemoryAbove(0);
  EXPECT_THAT(
      CreateWith(TestOptions(), OneScorer(std::move(broken))),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("first forward pass on cpu")));
  EXPECT_THAT(
      CreateWith(TestOptions(), OneScorer(std::make_unique<FakeScorer>()), /*max_tokens=*/2),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("first forward pass")));
}

TEST(ServerTest, TheModelIsWarmBeforeAnyoneCanAsk) {
  RunningServer running;
  EXPECT_EQ(running.scorer().AwaitBatches(RunningServer::kWarmUps).size(), 1);
  EXPECT_EQ(running.server().Info().counters().batches(), 0);  // The warm-up is nobody's work.
}

TEST(ServerTest, ReflectionListsTheService) {
  RunningServer running;
  // ServerReflectionRequest{list_services = ""}.
  const testing::RawStream stream = testing::StreamRaw(
      running.channel(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      {std::string("\x3a\x00", 2)});
  ASSERT_EQ(stream.replies.size(), 1);
  EXPECT_THAT(stream.replies[0], AllOf(HasSubstr(kService), HasSubstr("grpc.health.v1.Health")));
}

TEST(ServerTest, ManyClientsAtOnceEachGetTheirOwnScoresInSharedBatches) {
  ServerOptions options = TestOptions();
  options.max_batch_tokens = 2000;
  RunningServer running(options, /*workers=*/2);
  constexpr int kUnary = 32;
  constexpr int kStreams = 32;
  constexpr int kRequests = 25;
  std::atomic<int> right = 0;
  const auto is_right = [](const v1::ScoreResponse& reply, const std::string& prompt) {
    return reply.results_size() == 2 &&
           reply.results(0).score().score() == ExpectedScore(prompt, "a") &&
           reply.results(1).score().score() == ExpectedScore(prompt, prompt);
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kUnary; ++t) {
    threads.emplace_back([&, t] {
      const auto channel = running.NewChannel();
      for (int i = 0; i < kRequests; ++i) {
        const std::string prompt = absl::StrCat("unary ", t, " ", i);
        const auto reply = Ask(channel, ScoreRequestOf(prompt, {"a", prompt}));
        EXPECT_THAT(reply, testing::IsOk());
        if (reply.ok() && is_right(*reply, prompt)) ++right;
      }
    });
  }
  for (int t = 0; t < kStreams; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::string> requests;
      for (int i = 0; i < kRequests; ++i) {
        const std::string prompt = absl::StrCat("stream ", t, " ", i);
        requests.push_back(StreamRequestOf(prompt, prompt, {"a", prompt}).SerializeAsString());
      }
      const auto stream =
          testing::StreamRaw(running.NewChannel(), testing::kStreamMethod, requests);
      EXPECT_THAT(stream.status, testing::IsOk());
      std::map<std::string, int> seen;
      for (const std::string& bytes : stream.replies) {
        v1::ScoreStreamResponse reply;
        EXPECT_TRUE(reply.ParseFromString(bytes));
        if (seen[reply.request_id()]++ == 0 && is_right(reply.response(), reply.request_id()))
          ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, (kUnary + kStreams) * kRequests);
  const v1::Counters counters = running.server().Info().counters();
  EXPECT_EQ(counters.requests(), (kUnary + kStreams) * kRequests);
  EXPECT_EQ(counters.responses(), 2 * (kUnary + kStreams) * kRequests);
  EXPECT_GT(counters.max_batch_groups(), 1);
  RecordProperty("max_batch_groups", static_cast<int>(counters.max_batch_groups()));
}

TEST(ServerTest, WhatQueuedWhileTheDeviceWasBusyRunsAsOneBatch) {
  RunningServer running;
  running.scorer().Block();
  std::vector<std::thread> callers;
  for (int i = 0; i < 17; ++i) {
    callers.emplace_back([&] { EXPECT_TRUE(Works(running.channel())); });
    if (i == 0) running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  }
  const int64_t tokens =
      static_cast<int64_t>(FakeTokensOf(std::vector<Message>{{"user", "good"}}, "one").size());
  while (running.server().Info().counters().queued_tokens() < 16 * tokens)
    std::this_thread::yield();
  running.scorer().Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(running.server().Info().counters().max_batch_groups(), 16);
}

TEST(ServerTest, StoppingUnderLoadAnswersEveryAcceptedRequest) {
  RunningServer running;
  constexpr int kClients = 16;
  std::atomic<int64_t> scored = 0;
  std::atomic<int> ended = 0;
  std::vector<std::thread> clients;
  for (int t = 0; t < kClients; ++t) {
    clients.emplace_back([&, t] {
      const auto channel = running.NewChannel();
      for (int i = 0;; ++i) {
        const std::string prompt = absl::StrCat(t, " ", i);
        const auto reply = Ask(channel, ScoreRequestOf(prompt, {"a"}));
        if (!reply.ok()) {
          // gRPC itself cancels what crosses the closing of its connection; nothing of that was
          // accepted.
          EXPECT_TRUE(absl::IsUnavailable(reply.status()) || absl::IsCancelled(reply.status()))
              << reply.status();
          break;
        }
        EXPECT_EQ(reply->results(0).score().score(), ExpectedScore(prompt, "a"));
        ++scored;
      }
      ++ended;
    });
  }
  while (scored < 200) std::this_thread::yield();
  running.server().Shutdown(absl::Minutes(1));
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(ended, kClients);
  // As many as the server took in, so none of those was lost.
  EXPECT_EQ(running.server().Info().counters().requests(), scored);
}

TEST(ServerTest, ADeviceThatFailedForGoodIsToldOnce) {
  auto scorer = std::make_unique<FakeScorer>();
  FakeScorer* const device = scorer.get();
  testing::Mailbox<bool> told;
  auto server = Server::Create(TestOptions(),
                               {.info = FakeModelInfo(),
                                .encoder = std::make_unique<FakeEncoder>(4096),
                                .scorers = OneScorer(std::move(scorer))},
                               [&told] { told.Put(true); });
  ASSERT_OK(server);
  const auto channel =
      grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(Works(channel));
  device->Break();
  EXPECT_FALSE(Works(channel));
  told.Await(1);
  EXPECT_EQ(HealthOf(channel, ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(channel, "live"), "SERVING");
}

TEST(ServerTest, WhatCannotBeginInTheDrainTimeoutIsAnsweredUnavailable) {
  RunningServer running;
  running.scorer().Block();
  std::atomic<int> scored = 0;
  std::atomic<int> unavailable = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 9; ++i) {
    callers.emplace_back([&, i] {
      const auto reply = Ask(running.NewChannel(), ScoreRequestOf("good", {absl::StrCat(i)}));
      if (reply.ok()) ++scored;
      if (reply.status().code() == absl::StatusCode::kUnavailable) ++unavailable;
    });
    if (i == 0) running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  }
  while (running.server().Info().counters().requests() < 9 ||
         running.server().Info().counters().queued_tokens() == 0) {
    std::this_thread::yield();
  }
  std::thread stop([&] { running.server().Shutdown(absl::ZeroDuration()); });
  while (HealthOf(running.channel(), "") == "SERVING") std::this_thread::yield();
  running.scorer().Release();
  stop.join();
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(scored, 1);  // What had begun.
  EXPECT_EQ(scored + unavailable, 9);
}

ServerOptions WithMetrics() {
  ServerOptions options = TestOptions();
  options.metrics_listen = "127.0.0.1:0";
  return options;
}

TEST(ServerTest, ARequestIsInTheMetricsOnceItIsAnswered) {
  RunningServer running(WithMetrics());
  ASSERT_OK(Ask(running.channel(), ScoreRequestOf("needle", {"a", "b"})));
  ASSERT_FALSE(Ask(running.channel(), ScoreRequestOf("needle", {})).ok());
  const std::string metrics = HttpGet(running.server().metrics_address(), "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("assay_requests_total{code=\"OK\",method=\"Score\"} 1\n"));
  EXPECT_THAT(metrics,
              HasSubstr("assay_requests_total{code=\"INVALID_ARGUMENT\",method=\"Score\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("assay_refusals_total{reason=\"invalid\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("assay_model_info{"));
  EXPECT_THAT(metrics, Not(HasSubstr("needle")));
}

TEST(ServerTest, WithoutAMetricsAddressThereIsNone) {
  RunningServer running;
  EXPECT_EQ(running.server().metrics_address(), "");
  EXPECT_TRUE(Works(running.channel()));
}

TEST(ServerTest, AMetricsAddressInUseIsAClearError) {
  RunningServer running(WithMetrics());
  ServerOptions options = TestOptions();
  options.metrics_listen = running.server().metrics_address();
  EXPECT_THAT(CreateWith(options, OneScorer(std::make_unique<FakeScorer>())),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("metrics_listen"), HasSubstr(options.metrics_listen))));
}

TEST(ServerTest, TheMetricsPortAnswersWhileTheServerDrains) {
  RunningServer running(WithMetrics());
  const std::string metrics = running.server().metrics_address();
  EXPECT_EQ(HttpGet(metrics, "/healthz").status, 200);
  running.scorer().Block();
  std::thread asking([&] { EXPECT_OK(Ask(running.channel(), ScoreRequestOf("p", {"a"}))); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  std::thread stopping([&] { running.server().Shutdown(absl::Minutes(1)); });
  while (HttpGet(metrics, "/healthz").status != 503) {
  }
  EXPECT_EQ(HttpGet(metrics, "/healthz").body, "stopping\n");
  EXPECT_THAT(HttpGet(metrics, "/statusz").body, HasSubstr(">stopping</span>"));
  running.scorer().Release();
  stopping.join();
  asking.join();
  EXPECT_EQ(HttpGet(metrics, "/healthz").status, 0);
}

}  // namespace
}  // namespace assay
