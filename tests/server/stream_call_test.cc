#include "server/stream_call.h"

#include <grpcpp/client_context.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/grpc_status.h"
#include "tests/testing/builders.h"
#include "tests/testing/raw_call.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::ExpectedScore;
using testing::FakeTokensOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::kStreamMethod;
using ::testing::Not;
using testing::RawStream;
using testing::RunningServer;
using testing::StatusIs;
using testing::StreamRaw;
using testing::StreamRequestOf;
using testing::TestOptions;
using testing::Works;

std::vector<v1::ScoreStreamResponse> Parse(const RawStream& stream) {
  std::vector<v1::ScoreStreamResponse> replies(stream.replies.size());
  for (size_t i = 0; i < replies.size(); ++i) {
    EXPECT_TRUE(replies[i].ParseFromString(stream.replies[i]));
  }
  return replies;
}

// One open stream.
class Stream {
 public:
  explicit Stream(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::RewardService::NewStub(channel)), stream_(stub_->ScoreStream(&context_)) {}

  bool Send(const std::string& id, const std::string& prompt, const std::string& response) {
    return stream_->Write(StreamRequestOf(id, prompt, {response}));
  }
  bool Read(v1::ScoreStreamResponse* reply) { return stream_->Read(reply); }
  void HalfClose() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  absl::Status Finish() { return FromGrpcStatus(stream_->Finish()); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::RewardService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ScoreStreamRequest, v1::ScoreStreamResponse>>
      stream_;
};

TEST(StreamCallTest, EveryRequestIsAnsweredUnderItsIdAndTheStreamEndsWell) {
  RunningServer running;
  std::vector<std::string> requests;
  for (int i = 0; i < 200; ++i) {
    requests.push_back(
        StreamRequestOf(absl::StrCat("id", i), absl::StrCat("p", i), {"a"}).SerializeAsString());
  }
  const RawStream stream = StreamRaw(running.channel(), kStreamMethod, requests);
  EXPECT_OK(stream.status);
  std::map<std::string, float> scores;
  for (const v1::ScoreStreamResponse& reply : Parse(stream)) {
    EXPECT_TRUE(
        scores.emplace(reply.request_id(), reply.response().results(0).score().score()).second);
  }
  ASSERT_EQ(scores.size(), 200);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(scores[absl::StrCat("id", i)], ExpectedScore(absl::StrCat("p", i), "a"));
  }
}

TEST(StreamCallTest, AnEmptyStreamEndsWell) {
  RunningServer running;
  const RawStream stream = StreamRaw(running.channel(), kStreamMethod, {});
  EXPECT_OK(stream.status);
  EXPECT_TRUE(stream.replies.empty());
}

TEST(StreamCallTest, ABadRequestIsAnsweredAndTheStreamGoesOn) {
  RunningServer running;
  const std::string good = StreamRequestOf("good", "p", {"a"}).SerializeAsString();
  struct Case {
    std::string bytes;
    std::string id;
    std::string named;
  };
  const std::vector<Case> cases = {
      {StreamRequestOf("none", "p", {}).SerializeAsString(), "none", "request.responses: empty"},
      {StreamRequestOf("", "p", {"a"}).SerializeAsString(), "", "request_id: empty"},
      {StreamRequestOf(std::string(129, 'x'), "p", {"a"}).SerializeAsString(), "",
       "request_id: 129 bytes"},
      {"\x0a\x02ok\x12\x04\x12\x02x\xFF", "ok", "request.responses[0]: not UTF-8"},
      {std::string("\x0a\x02\xFF\xFE\x12\x00", 6), "", "request_id: not UTF-8"},
      {"\x0a\x02ok", "ok", "request: missing"},
      {"\x0a\x02ok\x18\x01", "ok", "field 3: unknown"},
      {"\x0a\x02ok\xFF", "ok", "message: the bytes make no sense"},
      {"", "", "request_id: empty"},
  };
  for (const Case& c : cases) {
    const RawStream stream = StreamRaw(running.channel(), kStreamMethod, {good, c.bytes, good});
    EXPECT_OK(stream.status);
    int scored = 0;
    int refused = 0;
    for (const v1::ScoreStreamResponse& reply : Parse(stream)) {
      if (reply.has_response()) {
        ++scored;
        EXPECT_EQ(reply.request_id(), "good");
      } else {
        ++refused;
        EXPECT_EQ(reply.request_id(), c.id);
        EXPECT_EQ(reply.error().code(), 3);
        EXPECT_THAT(reply.error().message(), HasSubstr(c.named));
      }
    }
    EXPECT_EQ(scored, 2) << c.named;
    EXPECT_EQ(refused, 1) << c.named;
  }
}

TEST(StreamCallTest, RepliesComeInTheOrderOfCompletion) {
  ServerOptions options = TestOptions();
  options.max_batch_tokens = 4;
  RunningServer running(options);
  running.scorer().Block();
  Stream stream(running.channel());
  ASSERT_TRUE(stream.Send("slow", "p", "a"));
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  ASSERT_TRUE(stream.Send("refused", "p", "refused"));  // Needs no device.
  v1::ScoreStreamResponse reply;
  ASSERT_TRUE(stream.Read(&reply));
  EXPECT_EQ(reply.request_id(), "refused");
  running.scorer().Release();
  ASSERT_TRUE(stream.Read(&reply));
  EXPECT_EQ(reply.request_id(), "slow");
  stream.HalfClose();
  EXPECT_OK(stream.Finish());
}

TEST(StreamCallTest, NoMoreRequestsAreInWorkThanTheLimitAndNoneIsLost) {
  ServerOptions options = TestOptions();
  options.max_in_flight_per_stream = 4;
  RunningServer running(options);
  running.scorer().Block();
  Stream stream(running.channel());
  constexpr int kRequests = 50;
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) {
      EXPECT_TRUE(stream.Send(absl::StrCat(i), absl::StrCat(i), "a"));
    }
    stream.HalfClose();
  });
  while (running.server().Info().counters().requests() < 4) std::this_thread::yield();
  // Room for a fifth to show itself: other calls on the same connection come and go.
  for (int i = 0; i < 20; ++i) testing::HealthOf(running.channel(), "");
  EXPECT_EQ(running.server().Info().counters().requests(), 4);
  running.scorer().Release();
  v1::ScoreStreamResponse reply;
  int replies = 0;
  while (stream.Read(&reply)) {
    EXPECT_EQ(reply.response().results(0).score().score(), ExpectedScore(reply.request_id(), "a"));
    ++replies;
  }
  writer.join();
  EXPECT_EQ(replies, kRequests);
  EXPECT_OK(stream.Finish());
}

TEST(StreamCallTest, ACancelledStreamsRequestsNeverReachTheDevice) {
  ServerOptions options = TestOptions();
  options.max_batch_tokens = 70;
  options.max_queued_tokens = 70;
  RunningServer running(options);
  running.scorer().Block();
  std::thread busy([&] { EXPECT_TRUE(Works(running.channel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  Stream stream(running.channel());
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(stream.Send(absl::StrCat(i), absl::StrCat("gon", i), "a"));
  // Ten times seven tokens: the queue is full.
  while (running.server().Info().counters().queued_tokens() < 70) std::this_thread::yield();
  stream.Cancel();
  EXPECT_THAT(stream.Finish(), StatusIs(absl::StatusCode::kCancelled));
  testing::AwaitDeadQueue(running.channel());
  running.scorer().Release();
  busy.join();
  EXPECT_TRUE(Works(running.channel()));
  for (int i = 0; i < 10; ++i) {
    const std::vector<Message> gone = {{"user", absl::StrCat("gon", i)}};
    EXPECT_THAT(running.scorer().Scored(), Not(::testing::Contains(FakeTokensOf(gone, "a"))));
  }
}

TEST(StreamCallTest, AFullServerHoldsAStreamBackAndFailsNoneOfItsRequests) {
  ServerOptions options = TestOptions();
  options.max_batch_tokens = 70;
  options.max_queued_tokens = 70;
  RunningServer running(options);
  running.scorer().Block();
  std::thread busy([&] { EXPECT_TRUE(Works(running.channel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  constexpr int kRequests = 200;
  Stream stream(running.channel());
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) {
      EXPECT_TRUE(stream.Send(absl::StrCat(i), absl::StrCat("p", i), "a"));
    }
    stream.HalfClose();
  });
  while (running.server().Info().counters().queued_tokens() < 70) std::this_thread::yield();
  // A call of its own is refused now.
  EXPECT_THAT(testing::Ask(running.channel(), testing::ScoreRequestOf("other", {"a"})),
              StatusIs(absl::StatusCode::kResourceExhausted));
  running.scorer().Release();
  v1::ScoreStreamResponse reply;
  int scored = 0;
  while (stream.Read(&reply)) scored += reply.response().results(0).has_score() ? 1 : 0;
  EXPECT_EQ(scored, kRequests);
  EXPECT_OK(stream.Finish());
  writer.join();
  busy.join();
}

TEST(StreamCallTest, AStreamLeftOpenEndsUnavailableOnceItsRequestsAreAnsweredWhenTheServerStops) {
  RunningServer running;
  running.scorer().Block();
  Stream stream(running.channel());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(stream.Send(absl::StrCat(i), absl::StrCat(i), "a"));
  while (running.server().Info().counters().requests() < 10) std::this_thread::yield();
  std::thread stop([&] { running.server().Shutdown(absl::Minutes(1)); });
  while (testing::HealthOf(running.channel(), "") == "SERVING") std::this_thread::yield();
  running.scorer().Release();
  v1::ScoreStreamResponse reply;
  int replies = 0;
  while (stream.Read(&reply)) {
    EXPECT_EQ(reply.response().results(0).score().score(), ExpectedScore(reply.request_id(), "a"));
    ++replies;
  }
  EXPECT_EQ(replies, 10);
  EXPECT_THAT(stream.Finish(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("stopping")));
  stop.join();
}

}  // namespace
}  // namespace assay
