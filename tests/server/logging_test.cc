#include "server/logging.h"

#include <grpc/support/log.h>
#include <spdlog/spdlog.h>

#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

TEST(LoggingTest, LinesGoToStderrFromTheirLevelOn) {
  ::testing::internal::CaptureStderr();
  ASSERT_OK(SetUpLogging("warning"));
  spdlog::info("too quiet");
  spdlog::warn("heard");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("heard"), Not(HasSubstr("too quiet"))));
}

TEST(LoggingTest, GrpcsOwnLinesComeAtDebugLevelOnly) {
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // As gRPC does when it starts.
  ::testing::internal::CaptureStderr();
  ASSERT_OK(SetUpLogging("error"));
  gpr_log(GPR_ERROR, "unheard");
  ASSERT_OK(SetUpLogging("debug"));
  gpr_log(GPR_ERROR, "heard");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("heard"), Not(HasSubstr("unheard"))));
}

TEST(LoggingTest, AnUnknownLevelIsRefused) {
  for (const char* level : {"", "loud", "off", "trace"}) {
    EXPECT_THAT(SetUpLogging(level), StatusIs(absl::StatusCode::kInvalidArgument)) << level;
  }
}

}  // namespace
}  // namespace assay
