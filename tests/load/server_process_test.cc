#include "tests/load/server_process.h"

#include <signal.h>

#include "tests/testing/status_matchers.h"

namespace assay::testing {
namespace {

TEST(ServerProcessTest, AServerIsStartedWatchedAndStopped) {
  ASSERT_OK_AND_ASSIGN(const auto server, ServerProcess::Start({}));
  EXPECT_THAT(server->address(), ::testing::StartsWith("127.0.0.1:"));
  ASSERT_OK_AND_ASSIGN(const int64_t bytes, server->ResidentBytes());
  EXPECT_GT(bytes, 1 << 20);
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), 0);
  EXPECT_THAT(server->ResidentBytes(), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ServerProcessTest, AKilledServerSaysWhichSignalEndedIt) {
  ASSERT_OK_AND_ASSIGN(const auto server, ServerProcess::Start({}));
  server->Signal(SIGKILL);
  EXPECT_EQ(server->Wait(), 128 + SIGKILL);
}

TEST(ServerProcessTest, AServerThatDoesNotListenIsAnErrorWithItsExitCode) {
  EXPECT_THAT(ServerProcess::Start({.flags = {"--no-such-flag"}}),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::HasSubstr("exit code 2")));
}

}  // namespace
}  // namespace assay::testing
