#include "tests/testing/raw_call.h"

#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay::testing {
namespace {

TEST(RawCallTest, BytesGoThereAndBack) {
  RunningServer running;
  ASSERT_OK_AND_ASSIGN(
      const std::string bytes,
      CallRaw(running.channel(), kScoreMethod, ScoreRequestOf("p", {"a"}).SerializeAsString()));
  v1::ScoreResponse reply;
  ASSERT_TRUE(reply.ParseFromString(bytes));
  EXPECT_EQ(reply.results_size(), 1);
}

TEST(RawCallTest, AnErrorIsTheServersOwn) {
  RunningServer running;
  EXPECT_THAT(CallRaw(running.channel(), "/no.such/Method", ""),
              StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(StreamRaw(running.channel(), "/no.such/Method", {"x"}).status,
              StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace assay::testing
