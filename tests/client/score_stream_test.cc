#include "client/score_stream.h"

#include <grpcpp/create_channel.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Recorder : public ScoreStream::Listener {
 public:
  void OnReply(v1::ScoreStreamResponse reply) override {
    MutexLock lock(&mu_);
    EXPECT_FALSE(end_.has_value()) << "a reply after the end";
    ids_.push_back(reply.request_id());
    changed_.notify_all();
  }
  void OnWritable() override {
    MutexLock lock(&mu_);
    ++written_;
    changed_.notify_all();
  }
  void OnEnd(const absl::Status& status) override {
    MutexLock lock(&mu_);
    EXPECT_FALSE(end_.has_value()) << "ended twice";
    end_ = status;
    changed_.notify_all();
  }

  void AwaitWritten(int n) {
    MutexLock lock(&mu_);
    while (written_ < n) changed_.wait(mu_);
  }
  absl::Status AwaitEnd() {
    MutexLock lock(&mu_);
    while (!end_.has_value()) changed_.wait(mu_);
    return *end_;
  }
  std::vector<std::string> ids() {
    MutexLock lock(&mu_);
    return ids_;
  }
  bool ended() {
    MutexLock lock(&mu_);
    return end_.has_value();
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::vector<std::string> ids_ ABSL_GUARDED_BY(mu_);
  int written_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
};

v1::ScoreStreamRequest RequestOf(const std::string& id, const std::string& response = "r") {
  v1::ScoreStreamRequest request;
  request.set_request_id(id);
  v1::Message* message = request.mutable_request()->add_prompt();
  message->set_role("user");
  message->set_content("p");
  request.mutable_request()->add_responses(response);
  return request;
}

std::unique_ptr<v1::RewardService::Stub> StubOf(const std::string& address) {
  return v1::RewardService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
}

TEST(ScoreStreamTest, AHalfClosedStreamEndsWellAfterItsLastReply) {
  FakeRewardService service;
  const auto stub = StubOf(service.address());
  Recorder recorder;
  ScoreStream stream(stub.get(), &recorder);
  for (int i = 1; i <= 3; ++i) {
    stream.Write(RequestOf(std::to_string(i)));
    recorder.AwaitWritten(i);
  }
  stream.HalfClose();
  EXPECT_OK(recorder.AwaitEnd());
  EXPECT_THAT(recorder.ids(), ElementsAre("1", "2", "3"));
}

TEST(ScoreStreamTest, TheServersStatusIsTheEndsStatus) {
  FakeRewardService service;
  service.BreakStreamOn("poison", absl::DataLossError("no more"));
  const auto stub = StubOf(service.address());
  Recorder recorder;
  ScoreStream stream(stub.get(), &recorder);
  stream.Write(RequestOf("1", "poison"));
  EXPECT_THAT(recorder.AwaitEnd(), StatusIs(absl::StatusCode::kDataLoss, "no more"));
  stream.Write(RequestOf("2"));  // Does nothing.
  stream.HalfClose();
  EXPECT_THAT(recorder.ids(), IsEmpty());
}

TEST(ScoreStreamTest, AServerThatIsNotThereIsUnavailable) {
  const RefusingPort gone;
  const auto stub = StubOf(gone.address());
  Recorder recorder;
  ScoreStream stream(stub.get(), &recorder);
  stream.Write(RequestOf("1"));
  EXPECT_THAT(recorder.AwaitEnd(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ScoreStreamTest, TheDestructorCancelsAndTheEndIsToldBeforeItReturns) {
  FakeRewardService service;
  service.GoSilent();
  const auto stub = StubOf(service.address());
  Recorder recorder;
  {
    ScoreStream stream(stub.get(), &recorder);
    stream.Write(RequestOf("1"));
    service.AwaitRequests(1);
  }
  EXPECT_TRUE(recorder.ended());
  EXPECT_THAT(recorder.AwaitEnd(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(ScoreStreamTest, AnUnusedStreamCanBeDestroyedAtOnce) {
  FakeRewardService service;
  const auto stub = StubOf(service.address());
  for (int i = 0; i < 50; ++i) {
    Recorder recorder;
    { ScoreStream stream(stub.get(), &recorder); }
    EXPECT_TRUE(recorder.ended());
  }
}

}  // namespace
}  // namespace assay::client
