#include "server/score_service.h"

#include <grpcpp/client_context.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/grpc_status.h"
#include "model/sha256.h"
#include "tests/testing/builders.h"
#include "tests/testing/raw_call.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using testing::Ask;
using testing::AwaitDeadQueue;
using testing::CallRaw;
using ::testing::ElementsAre;
using testing::ExpectedScore;
using testing::FakeTokensOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::kScoreMethod;
using testing::RunningServer;
using testing::ScoreRequestOf;
using testing::StatusIs;
using testing::TestOptions;
using testing::Works;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ScoreServiceTest, EveryResponseIsAnsweredInItsPlace) {
  RunningServer running;
  v1::ScoreRequest request = ScoreRequestOf("p", {"a", "refused", ""});
  request.set_detail(v1::DETAIL_LEVEL_OBJECTIVES);
  ASSERT_OK_AND_ASSIGN(const v1::ScoreResponse reply, Ask(running.channel(), request));
  ASSERT_EQ(reply.results_size(), 3);
  const v1::Score& first = reply.results(0).score();
  EXPECT_EQ(first.score(), ExpectedScore("p", "a"));
  EXPECT_EQ(first.rewards(0) * first.coefficients(0) + first.rewards(1) * first.coefficients(1),
            first.score());
  EXPECT_EQ(first.input_tokens(), 4);
  EXPECT_EQ(reply.results(1).error().code(), 3);
  EXPECT_EQ(reply.results(2).score().score(), ExpectedScore("p", ""));
  EXPECT_EQ(reply.model_revision(), std::string(64, 'a'));
  EXPECT_GT(reply.times().forward_ns(), 0);
}

TEST(ScoreServiceTest, AResponseWithoutAFiniteScoreFailsAlone) {
  RunningServer running;
  const std::vector<Message> prompt = {{"user", "p"}};
  running.scorer().FailOn(FakeTokensOf(prompt, "bad"));
  ASSERT_OK_AND_ASSIGN(const v1::ScoreResponse reply,
                       Ask(running.channel(), ScoreRequestOf("p", {"bad", "good"})));
  EXPECT_EQ(reply.results(0).error().code(), 13);
  EXPECT_EQ(reply.results(1).score().score(), ExpectedScore("p", "good"));
}

TEST(ScoreServiceTest, EveryBadRequestIsRefusedByNameAndTheServerGoesOn) {
  RunningServer running;
  struct Case {
    std::string named;
    std::function<void(v1::ScoreRequest&)> change;
  };
  const std::vector<Case> cases = {
      {"prompt: empty", [](v1::ScoreRequest& r) { r.clear_prompt(); }},
      {"responses: empty", [](v1::ScoreRequest& r) { r.clear_responses(); }},
      {"responses: 10001 given, at most 1024",
       [](v1::ScoreRequest& r) {
         for (int i = 0; i < 10000; ++i) r.add_responses(std::string("x"));
       }},
      {"prompt: 2001 given, at most 1024",
       [](v1::ScoreRequest& r) {
         for (int i = 0; i < 2000; ++i) r.add_prompt()->set_role("user");
       }},
      {"responses[0]: 20971520 bytes, at most 1048576",
       [](v1::ScoreRequest& r) { r.set_responses(0, std::string(20 << 20, 'x')); }},
      {"prompt[0].content: 1048577 bytes",
       [](v1::ScoreRequest& r) {
         r.mutable_prompt(0)->set_content(std::string((1 << 20) + 1, 'x'));
       }},
      {"prompt[0].role: unknown",
       [](v1::ScoreRequest& r) { r.mutable_prompt(0)->set_role("robot"); }},
      {"prompt[0].role: empty", [](v1::ScoreRequest& r) { r.mutable_prompt(0)->clear_role(); }},
      {"detail: 77", [](v1::ScoreRequest& r) { r.set_detail(static_cast<v1::DetailLevel>(77)); }},
      {"truncation: 77",
       [](v1::ScoreRequest& r) { r.set_truncation(static_cast<v1::Truncation>(77)); }},
      {"max_tokens: -1", [](v1::ScoreRequest& r) { r.set_max_tokens(-1); }},
      {"max_tokens: 4097", [](v1::ScoreRequest& r) { r.set_max_tokens(4097); }},
  };
  for (const Case& c : cases) {
    v1::ScoreRequest request = ScoreRequestOf("p", {"a"});
    c.change(request);
    EXPECT_THAT(Ask(running.channel(), request), StatusIs(kInvalid, HasSubstr(c.named)));
    EXPECT_TRUE(Works(running.channel())) << "after " << c.named;
  }
}

TEST(ScoreServiceTest, BytesThatNoClientSendsAreRefusedByNameAndTheServerGoesOn) {
  RunningServer running;
  const std::string good = ScoreRequestOf("p", {"a"}).SerializeAsString();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"responses[1]: not UTF-8 at byte 1", absl::StrCat(good, "\x12\x02x\xFF")},
      {"prompt[1].content: not UTF-8 at byte 0", absl::StrCat(good, "\x0a\x03\x12\x01\x80")},
      {"field 15: unknown", absl::StrCat(good, "\x78\x01")},
      {"responses[0]: has wire type 0", "\x10\x01"},
      {"responses[1]: the bytes end early", absl::StrCat(good, "\x12\x7Fx")},
      {"message: the bytes make no sense", absl::StrCat(good, "\xFF")},
  };
  for (const auto& [named, bytes] : cases) {
    EXPECT_THAT(CallRaw(running.channel(), kScoreMethod, bytes),
                StatusIs(kInvalid, HasSubstr(named)));
    EXPECT_TRUE(Works(running.channel())) << "after " << named;
  }
  EXPECT_THAT(CallRaw(running.channel(), kScoreMethod, ""),
              StatusIs(kInvalid, HasSubstr("prompt")));
}

TEST(ScoreServiceTest, ARequestTooLargeIsRefusedWithTheLimit) {
  ServerOptions options = TestOptions();
  options.max_text_bytes = 10000;
  options.max_request_bytes = 10000;
  RunningServer running(options);
  EXPECT_THAT(
      Ask(running.channel(), ScoreRequestOf("p", {std::string(9000, 'x'), std::string(9000, 'y')})),
      StatusIs(kInvalid, HasSubstr("bytes, at most 10000")));
  // gRPC itself refuses what is far too large, before it is all here.
  EXPECT_THAT(Ask(running.channel(), ScoreRequestOf("p", {std::string(4 << 20, 'x')})),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(Works(running.channel()));
}

TEST(ScoreServiceTest, AnotherRevisionFailsThePrecondition) {
  RunningServer running;
  v1::ScoreRequest request = ScoreRequestOf("p", {"a"});
  request.set_model_revision("another");
  EXPECT_THAT(Ask(running.channel(), request),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("model_revision")));
  request.set_model_revision(std::string(64, 'a'));
  EXPECT_OK(Ask(running.channel(), request));
}

TEST(ScoreServiceTest, ALongConversationIsRefusedUnlessItMayBeCut) {
  RunningServer running;
  v1::ScoreRequest request = ScoreRequestOf("p", {std::string(100, 'x'), "short"});
  request.set_max_tokens(50);
  ASSERT_OK_AND_ASSIGN(const v1::ScoreResponse refused, Ask(running.channel(), request));
  EXPECT_EQ(refused.results(0).error().code(), 3);
  EXPECT_THAT(refused.results(0).error().message(),
              AllOf(HasSubstr("103 tokens"), HasSubstr("50")));
  EXPECT_TRUE(refused.results(1).has_score());
  request.set_truncation(v1::TRUNCATION_KEEP_END);
  ASSERT_OK_AND_ASSIGN(const v1::ScoreResponse cut, Ask(running.channel(), request));
  EXPECT_EQ(cut.results(0).score().input_tokens(), 50);
  EXPECT_EQ(cut.results(0).score().truncated_tokens(), 53);
  EXPECT_EQ(cut.results(1).score().truncated_tokens(), 0);
}

// A queue that one request of QueueFuller() fills.
ServerOptions SmallQueue() {
  ServerOptions options = TestOptions();
  options.max_batch_tokens = 20;
  options.max_queued_tokens = 20;
  return options;
}

v1::ScoreRequest QueueFuller() { return ScoreRequestOf("p", {std::string(17, 'x')}); }

bool QueueFullerReachedTheDevice(RunningServer& running) {
  const std::vector<Message> prompt = {{"user", "p"}};
  const std::vector<TokenIds> scored = running.scorer().Scored();
  return std::count(scored.begin(), scored.end(), FakeTokensOf(prompt, std::string(17, 'x'))) > 0;
}

TEST(ScoreServiceTest, ACallPastItsDeadlineNeverReachesTheDevice) {
  RunningServer running(SmallQueue());
  running.scorer().Block();
  std::thread busy([&] { EXPECT_TRUE(Works(running.channel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  // Where the machine is slow, so are the warm-ups, and a short deadline is refused for the queue.
  absl::Duration deadline = absl::Milliseconds(100);
  absl::StatusOr<v1::ScoreResponse> reply = Ask(running.channel(), QueueFuller(), deadline);
  while (absl::IsResourceExhausted(reply.status())) {
    deadline *= 2;
    reply = Ask(running.channel(), QueueFuller(), deadline);
  }
  EXPECT_THAT(reply, StatusIs(absl::StatusCode::kDeadlineExceeded));
  AwaitDeadQueue(running.channel());
  running.scorer().Release();
  busy.join();
  EXPECT_TRUE(Works(running.channel()));
  EXPECT_FALSE(QueueFullerReachedTheDevice(running));
}

TEST(ScoreServiceTest, ACancelledCallNeverReachesTheDevice) {
  RunningServer running(SmallQueue());
  running.scorer().Block();
  std::thread busy([&] { EXPECT_TRUE(Works(running.channel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::ScoreResponse reply;
    const grpc::Status status =
        v1::RewardService::NewStub(running.channel())->Score(&context, QueueFuller(), &reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  });
  while (running.server().Info().counters().queued_tokens() == 0) std::this_thread::yield();
  context.TryCancel();
  caller.join();
  AwaitDeadQueue(running.channel());
  running.scorer().Release();
  busy.join();
  EXPECT_TRUE(Works(running.channel()));
  EXPECT_FALSE(QueueFullerReachedTheDevice(running));
}

TEST(ScoreServiceTest, AFullQueueAnswersResourceExhaustedAndRecovers) {
  RunningServer running(SmallQueue());
  running.scorer().Block();
  std::thread busy([&] { EXPECT_TRUE(Works(running.channel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  std::thread queued([&] { EXPECT_TRUE(Works(running.channel())); });
  while (running.server().Info().counters().queued_tokens() == 0) std::this_thread::yield();
  EXPECT_THAT(Ask(running.channel(), ScoreRequestOf("p", {std::string(30, 'x')})),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("limit of 20")));
  running.scorer().Release();
  busy.join();
  queued.join();
  EXPECT_TRUE(Works(running.channel()));
}

// A file of tokens with one, "needle" of tenant red.
ServerOptions WithTokens() {
  ServerOptions options = TestOptions();
  options.tokens = absl::StrCat(::testing::TempDir(), "/assay_service_tokens_", getpid());
  std::ofstream(options.tokens) << "red " << Sha256Hex("needle") << "\n";
  return options;
}

// How GetModel, Score and a stream end for a call with this metadata.
std::vector<absl::Status> EndsOfCallsWith(
    const std::shared_ptr<grpc::Channel>& channel,
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  const auto stub = v1::RewardService::NewStub(channel);
  grpc::ClientContext contexts[3];
  for (grpc::ClientContext& context : contexts) {
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
  }
  v1::ModelInfo info;
  v1::ScoreResponse reply;
  std::vector<absl::Status> ends = {
      FromGrpcStatus(stub->GetModel(&contexts[0], {}, &info)),
      FromGrpcStatus(stub->Score(&contexts[1], ScoreRequestOf("p", {"r"}), &reply))};
  const auto stream = stub->ScoreStream(&contexts[2]);
  stream->WritesDone();
  ends.push_back(FromGrpcStatus(stream->Finish()));
  return ends;
}

TEST(ScoreServiceTest, EveryCallIsJudgedByItsTokenFirst) {
  RunningServer running(WithTokens());
  for (const absl::Status& end : EndsOfCallsWith(running.channel(), {})) {
    EXPECT_THAT(end, StatusIs(absl::StatusCode::kUnauthenticated));
  }
  for (const absl::Status& end : EndsOfCallsWith(
           running.channel(), {{"authorization", "Bearer needle"}, {"assay-tenant", "blue"}})) {
    EXPECT_THAT(end, StatusIs(absl::StatusCode::kPermissionDenied));
  }
  for (const absl::Status& end :
       EndsOfCallsWith(running.channel(), {{"authorization", "Bearer needle"}})) {
    EXPECT_OK(end);
  }
  // Nobody without a token learns what is wrong with a request.
  EXPECT_THAT(CallRaw(running.channel(), kScoreMethod, "\xFF"),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(testing::HealthOf(running.channel(), ""), "SERVING");
}

TEST(ScoreServiceTest, MetadataThatIsWrongEndsTheCallByName) {
  RunningServer running;
  for (const absl::Status& end :
       EndsOfCallsWith(running.channel(), {{"assay-priority", "urgent"}})) {
    EXPECT_THAT(end, StatusIs(kInvalid, HasSubstr("assay-priority")));
  }
}

TEST(ScoreServiceTest, TheRequestIdIsEchoed) {
  RunningServer running;
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "mine");
  v1::ModelInfo info;
  ASSERT_TRUE(v1::RewardService::NewStub(running.channel())->GetModel(&context, {}, &info).ok());
  const auto& echoed = context.GetServerInitialMetadata();
  ASSERT_EQ(echoed.count("x-request-id"), 1u);
  EXPECT_EQ(echoed.find("x-request-id")->second, "mine");
}

TEST(ScoreServiceTest, GetModelTellsWhatIsLoadedAndWhatWasDone) {
  RunningServer running(TestOptions(), /*workers=*/2);
  EXPECT_TRUE(Works(running.channel()));
  v1::ModelInfo info;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::RewardService::NewStub(running.channel())->GetModel(&context, {}, &info).ok());
  EXPECT_EQ(info.name(), "fake");
  EXPECT_THAT(info.objectives(), ElementsAre("length", "noise"));
  EXPECT_THAT(info.devices(), ElementsAre("cpu", "cpu"));
  EXPECT_EQ(info.limits().max_responses(), 1024);
  EXPECT_EQ(info.counters().requests(), 1);
  EXPECT_EQ(info.counters().responses(), 1);
  EXPECT_EQ(info.counters().batches(), 1);
}

}  // namespace
}  // namespace assay
