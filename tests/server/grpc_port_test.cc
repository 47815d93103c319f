#include "server/grpc_port.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/testing/raw_call.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using testing::HealthOf;
using testing::StatusIs;

using std::chrono::system_clock;

GrpcPort::Options TestPort() {
  return {.listen = {.host = "127.0.0.1"},
          .credentials = grpc::InsecureServerCredentials(),
          .max_connections = 4,
          .max_message_bytes = 4096,
          .max_calls = 4,
          .max_metadata_bytes = 16384,
          .min_ping_interval = absl::Seconds(4),
          .keepalive_interval = absl::Seconds(30)};
}

std::unique_ptr<GrpcPort> Started(const GrpcPort::Options& options) {
  std::unique_ptr<GrpcPort> port = GrpcPort::Create(options).value();
  port->SetServing("a", true);
  port->Start();
  return port;
}

// With a connection that stands.
std::shared_ptr<grpc::Channel> ChannelTo(const GrpcPort& port, grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(port.address(), grpc::InsecureChannelCredentials(), arguments);
  EXPECT_TRUE(channel->WaitForConnected(system_clock::now() + std::chrono::seconds(20)));
  return channel;
}

// One Watch call of health.
class Watch {
 public:
  Watch(const std::shared_ptr<grpc::Channel>& channel, const std::string& request)
      : stub_(channel) {
    context_.set_deadline(system_clock::now() + std::chrono::minutes(1));
    call_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
    call_->StartCall(nullptr);
    Await();
    const grpc::Slice bytes(request);
    call_->WriteLast(grpc::ByteBuffer(&bytes, 1), {}, nullptr);
    Await();
  }

  // The next message; "end" where the call has ended.
  std::string Next() {
    grpc::ByteBuffer reply;
    call_->Read(&reply, nullptr);
    if (!Await()) return "end";
    grpc::Slice slice;
    EXPECT_TRUE(reply.DumpToSingleSlice(&slice).ok());
    return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  grpc::StatusCode Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Await();
    return status.error_code();
  }

 private:
  bool Await() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

// HealthCheckRequest{service = "a"}; HealthCheckResponse{status = SERVING}, NOT_SERVING.
constexpr char kOfA[] = "\x0a\x01\x61";
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

TEST(GrpcPortTest, WithoutAServiceItServesHealthAndNothingElse) {
  const std::unique_ptr<GrpcPort> port = Started(TestPort());
  const auto channel = ChannelTo(*port, {});
  EXPECT_EQ(HealthOf(channel, "a"), "SERVING");
  EXPECT_THAT(HealthOf(channel, "b"), HasSubstr("NOT_FOUND"));
  for (const char* method :
       {testing::kScoreMethod, "/assay.v1.RewardService/GetModel",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/no.such/Method"}) {
    EXPECT_THAT(testing::CallRaw(channel, method, ""), StatusIs(absl::StatusCode::kUnimplemented))
        << method;
  }
  port->SetServing("a", false);
  EXPECT_EQ(HealthOf(channel, "a"), "NOT_SERVING");
}

TEST(GrpcPortTest, AWatcherHearsEachChangeAndHoldsNoShutdownUp) {
  const std::unique_ptr<GrpcPort> port = Started(TestPort());
  Watch watch(ChannelTo(*port, {}), kOfA);
  EXPECT_EQ(watch.Next(), kServing);
  port->SetServing("a", false);
  EXPECT_EQ(watch.Next(), kNotServing);
  port->SetServing("a", true);
  EXPECT_EQ(watch.Next(), kServing);
  port->Shutdown(absl::ZeroDuration());
  EXPECT_EQ(watch.Next(), "end");
  EXPECT_NE(watch.Finish(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST(GrpcPortTest, AnAddressInUseIsAnErrorAndAfterShutdownItIsFree) {
  const std::unique_ptr<GrpcPort> port = Started(TestPort());
  GrpcPort::Options same = TestPort();
  same.listen = ParseListenAddress(port->address()).value();
  EXPECT_THAT(GrpcPort::Create(same),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in use")));
  port->Shutdown(absl::ZeroDuration());
  EXPECT_OK(GrpcPort::Create(same));
}

TEST(GrpcPortTest, AClientThatPingsAsOftenAsAllowedStaysAndOneThatPingsMoreOftenIsCutOff) {
  GrpcPort::Options lenient = TestPort();
  lenient.min_ping_interval = absl::Seconds(1);
  GrpcPort::Options strict = TestPort();
  strict.min_ping_interval = absl::Hours(1);
  const std::unique_ptr<GrpcPort> patient = Started(lenient);
  const std::unique_ptr<GrpcPort> hasty = Started(strict);
  grpc::ChannelArguments pings;  // No call at all, and a ping every 1.2 s.
  pings.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 1200);
  pings.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000);
  pings.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  pings.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  const auto stays = ChannelTo(*patient, pings);
  const auto is_cut = ChannelTo(*hasty, pings);
  // The third ping too many: after 4 s.
  EXPECT_TRUE(is_cut->WaitForStateChange(GRPC_CHANNEL_READY,
                                         system_clock::now() + std::chrono::seconds(30)));
  // The other has sent as many by then; and some more.
  EXPECT_FALSE(stays->WaitForStateChange(GRPC_CHANNEL_READY,
                                         system_clock::now() + std::chrono::milliseconds(2500)));
  EXPECT_EQ(stays->GetState(/*try_to_connect=*/false), GRPC_CHANNEL_READY);
}

}  // namespace
}  // namespace assay
