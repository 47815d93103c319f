#include "tests/fleet/fleet_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/running_server.h"

namespace assay::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// What a load of `kind` counted whose server was harmed in the middle.
FleetLoadCounts CountsOf(LoadKind kind, const std::function<void(RunningServer&)>& harm) {
  RunningServer running;
  const auto client = client::RewardClient::Connect(running.server().address());
  EXPECT_TRUE(client.ok());
  FleetLoad load(client->get(), {.kind = kind, .concurrency = 4});
  const size_t batches = running.scorer().AwaitBatches(20).size();
  harm(running);
  running.scorer().AwaitBatches(batches + 20);
  return load.End();
}

class FleetLoadTest : public ::testing::TestWithParam<LoadKind> {};

TEST_P(FleetLoadTest, EveryCallToASoundServerIsRightOnce) {
  const FleetLoadCounts counts = CountsOf(GetParam(), [](RunningServer&) {});
  EXPECT_GT(counts.calls, 0);
  EXPECT_EQ(counts.right, counts.calls);
  EXPECT_EQ(counts.wrong, 0);
  EXPECT_EQ(counts.several, 0);
  EXPECT_EQ(counts.without_outcome, 0);
  EXPECT_THAT(counts.failed, IsEmpty());
  EXPECT_EQ(counts.latency.count(), counts.calls);
}

TEST_P(FleetLoadTest, CallsThatFailAreCountedUnderTheirCode) {
  const FleetLoadCounts counts = CountsOf(
      GetParam(), [](RunningServer& running) { running.scorer().RunOutOfMemoryAboveTokens(0); });
  ASSERT_THAT(counts.failed,
              ElementsAre(Pair(absl::StatusCode::kResourceExhausted, ::testing::Gt(0))));
  EXPECT_EQ(counts.right + counts.failed.begin()->second, counts.calls);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FleetLoadTest, ::testing::Values(LoadKind::kUnary, LoadKind::kBulk),
                         [](const auto& kind) {
                           return kind.param == LoadKind::kUnary ? "Unary" : "Bulk";
                         });

}  // namespace
}  // namespace assay::testing
