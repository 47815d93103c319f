#include "client/health_check.h"

#include "client/channel.h"
#include "tests/client/health_server.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::HealthServer;
using ::assay::testing::IsOk;
using ::assay::testing::RefusingPort;
using ::assay::testing::SilentPort;
using ::assay::testing::StatusIs;

absl::StatusOr<bool> Ask(const std::string& address, const std::string& service,
                         absl::Duration timeout = absl::Seconds(30)) {
  return IsServing(MakeChannel(address, {}).value(), service, timeout);
}

TEST(HealthCheckTest, EachServiceIsAskedByItsName) {
  HealthServer server;
  server.SetServing("live", true);
  server.SetServing("ready", false);
  EXPECT_TRUE(Ask(server.address(), "").value());
  EXPECT_TRUE(Ask(server.address(), "live").value());
  EXPECT_FALSE(Ask(server.address(), "ready").value());
  EXPECT_THAT(Ask(server.address(), std::string(150, 'x')), StatusIs(absl::StatusCode::kNotFound));
}

TEST(HealthCheckTest, AServerWithoutHealthDoesNotKnowTheCall) {
  HealthServer server(/*with_health=*/false);
  EXPECT_THAT(Ask(server.address(), ""), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(HealthCheckTest, APortThatNobodyListensOnIsUnavailableWithTheReason) {
  const RefusingPort gone;
  EXPECT_THAT(Ask(gone.address(), "", absl::Milliseconds(300)),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::HasSubstr("connect")));
}

TEST(HealthCheckTest, AServerThatTakesTheConnectionAndSaysNothingIsNoAnswerInTime) {
  const SilentPort port;
  const absl::StatusOr<bool> answer = Ask(port.address(), "", absl::Milliseconds(300));
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace assay::client
