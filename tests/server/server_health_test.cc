// What the server says of its health, on its own port and on that of health alone.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "server/server.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using testing::Ask;
using testing::FakeEncoder;
using testing::FakeModelInfo;
using testing::FakeScorer;
using ::testing::HasSubstr;
using testing::HealthOf;
using testing::RunningServer;
using testing::ScoreRequestOf;
using testing::StatusIs;
using testing::TestOptions;
using testing::Works;

constexpr char kService[] = "assay.v1.RewardService";

ServerOptions WithHealthPort() {
  ServerOptions options = TestOptions();
  options.health_listen = "127.0.0.1:0";
  return options;
}

// To the port of health alone.
std::shared_ptr<grpc::Channel> ProbeOf(RunningServer& running) {
  return grpc::CreateChannel(running.server().health_address(), grpc::InsecureChannelCredentials());
}

TEST(ServerHealthTest, HealthIsServingUntilTheServerStopsAndThenNotWhileItDrains) {
  RunningServer running;
  EXPECT_EQ(HealthOf(running.channel(), ""), "SERVING");
  EXPECT_EQ(HealthOf(running.channel(), kService), "SERVING");
  EXPECT_THAT(HealthOf(running.channel(), "no.such.Service"), HasSubstr("NOT_FOUND"));
  running.scorer().Block();
  std::thread caller([&] { EXPECT_TRUE(Works(running.NewChannel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  std::thread stop([&] { running.server().Shutdown(absl::Minutes(1)); });
  while (HealthOf(running.channel(), "") == "SERVING") std::this_thread::yield();
  EXPECT_EQ(HealthOf(running.channel(), ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(running.channel(), kService), "NOT_SERVING");
  running.scorer().Release();
  caller.join();
  stop.join();
}

TEST(ServerHealthTest, AStuckDeviceShowsInReadinessAndNotInLiveness) {
  ServerOptions options = TestOptions();
  options.stuck_after = absl::Seconds(1);
  RunningServer running(options);
  EXPECT_EQ(HealthOf(running.channel(), "live"), "SERVING");
  running.scorer().Block();
  std::thread caller([&] { EXPECT_TRUE(Works(running.channel())); });
  while (HealthOf(running.channel(), kService) == "SERVING") std::this_thread::yield();
  while (HealthOf(running.channel(), "") == "SERVING") std::this_thread::yield();
  EXPECT_EQ(running.server().Info().state().health(), "unhealthy");
  EXPECT_EQ(running.server().Info().state().workers(0).state(), "stuck");
  EXPECT_EQ(HealthOf(running.channel(), "live"), "SERVING");
  running.scorer().Release();
  caller.join();
  while (HealthOf(running.channel(), "") != "SERVING") std::this_thread::yield();
}

TEST(ServerHealthTest,
     WithALameDuckTimeRequestsAndConnectionsAreStillTakenWhileHealthSaysNotServing) {
  ServerOptions options = WithHealthPort();
  options.lame_duck = absl::Seconds(5);
  RunningServer running(options);
  const auto probe = ProbeOf(running);
  std::thread stop([&] { running.server().Shutdown(absl::Minutes(1)); });
  while (HealthOf(running.channel(), "") == "SERVING") std::this_thread::yield();
  EXPECT_TRUE(Works(running.channel()));
  EXPECT_TRUE(Works(running.NewChannel()));
  EXPECT_EQ(HealthOf(running.channel(), "live"), "SERVING");
  EXPECT_EQ(HealthOf(probe, ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(probe, "live"), "SERVING");
  stop.join();
}

TEST(ServerHealthTest, TheHealthPortSaysWhatTheMainPortSaysAndServesNothingElse) {
  ServerOptions options = WithHealthPort();
  options.stuck_after = absl::Seconds(1);
  RunningServer running(options);
  const auto probe = ProbeOf(running);
  for (const char* service : {"", kService, "live"}) {
    EXPECT_EQ(HealthOf(probe, service), "SERVING") << service;
  }
  EXPECT_THAT(HealthOf(probe, "no.such.Service"), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Ask(probe, ScoreRequestOf("p", {"a"})), StatusIs(absl::StatusCode::kUnimplemented));
  running.scorer().Block();
  std::thread caller([&] { EXPECT_TRUE(Works(running.channel())); });
  while (HealthOf(probe, "") == "SERVING") std::this_thread::yield();
  while (HealthOf(probe, kService) == "SERVING") std::this_thread::yield();
  EXPECT_EQ(HealthOf(running.channel(), ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(probe, "live"), "SERVING");
  running.scorer().Release();
  caller.join();
  while (HealthOf(probe, "") != "SERVING") std::this_thread::yield();
}

TEST(ServerHealthTest, TheHealthPortAnswersWhileTheServerDrainsAndIsGoneWithIt) {
  RunningServer running(WithHealthPort());
  const auto probe = ProbeOf(running);
  running.scorer().Block();
  std::thread caller([&] { EXPECT_TRUE(Works(running.channel())); });
  running.scorer().AwaitBegun(RunningServer::kWarmUps + 1);
  std::thread stop([&] { running.server().Shutdown(absl::Minutes(1)); });
  while (HealthOf(probe, "") == "SERVING") std::this_thread::yield();
  EXPECT_EQ(HealthOf(probe, ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(probe, "live"), "SERVING");
  running.scorer().Release();
  caller.join();
  stop.join();
  EXPECT_THAT(HealthOf(probe, "live"), HasSubstr("UNAVAILABLE"));
}

TEST(ServerHealthTest, AHealthAddressInUseIsAClearErrorAndWithoutOneThereIsNone) {
  RunningServer running;
  EXPECT_EQ(running.server().health_address(), "");
  ServerOptions options = TestOptions();
  options.health_listen = running.server().address();
  std::vector<std::unique_ptr<Scorer>> scorers;
  scorers.push_back(std::make_unique<FakeScorer>());
  EXPECT_THAT(Server::Create(options, {.info = FakeModelInfo(),
                                       .encoder = std::make_unique<FakeEncoder>(),
                                       .scorers = std::move(scorers)}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("health_listen: "), HasSubstr("in use"))));
  EXPECT_TRUE(Works(running.channel()));
}

}  // namespace
}  // namespace assay
