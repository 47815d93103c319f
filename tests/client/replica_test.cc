#include "client/replica.h"

#include <memory>

#include "client/channel.h"
#include "tests/client/await_readiness.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::AwaitReadiness;
using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;

TEST(ReplicaTest, ItConnectsWhenItIsAskedAndIsReadyThen) {
  FakeRewardService service;
  ASSERT_OK_AND_ASSIGN(const auto channel, MakeChannel(service.address(), {}));
  const Replica replica(service.address(), channel);
  EXPECT_EQ(channel->GetState(/*try_to_connect=*/false), GRPC_CHANNEL_IDLE);
  AwaitReadiness(replica, Readiness::kReady);
}

TEST(ReplicaTest, AServerThatIsNotThereFails) {
  const RefusingPort gone;
  ASSERT_OK_AND_ASSIGN(const auto channel, MakeChannel(gone.address(), {}));
  const Replica replica(gone.address(), channel);
  AwaitReadiness(replica, Readiness::kFailing);
}

TEST(ReplicaTest, ItsOpenCallsAreCounted) {
  Replica replica("a", std::unique_ptr<v1::RewardService::StubInterface>());
  EXPECT_EQ(replica.readiness(), Readiness::kReady);
  replica.AddOutstanding(3);
  replica.AddOutstanding(-1);
  EXPECT_EQ(replica.outstanding(), 2);
}

}  // namespace
}  // namespace assay::client
