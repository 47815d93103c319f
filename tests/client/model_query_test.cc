#include "client/model_query.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/client/bulk_runs.h"
#include "tests/client/fake_reward_service.h"
#include "tests/client/idle_port.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::RefusingPort;
using ::assay::testing::SilentPort;
using ::assay::testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ModelQueryTest, EachServersAnswerOrErrorIsInTheServersOrder) {
  FakeRewardService first;
  FakeRewardService second;
  const RefusingPort gone;
  second.SetRevision("another");
  const std::vector<ServerModel> models =
      ModelQuery(ReplicasAt({first.address(), gone.address(), second.address()}),
                 absl::Now() + absl::Seconds(50))
          .Await();
  ASSERT_THAT(models, SizeIs(3));
  EXPECT_EQ(models[0].address, first.address());
  ASSERT_OK(models[0].model);
  EXPECT_EQ(models[0].model->revision, "fake-revision-0123456789");
  EXPECT_EQ(models[1].address, gone.address());
  EXPECT_THAT(models[1].model, StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(models[2].model);
  EXPECT_EQ(models[2].model->revision, "another");
}

TEST(ModelQueryTest, NoServersAreNoAnswers) {
  EXPECT_THAT(ModelQuery({}, absl::Now() + absl::Seconds(50)).Await(), IsEmpty());
}

TEST(ModelQueryTest, ACancelledQueryEndsWithoutItsServers) {
  const SilentPort silent;
  ModelQuery query(ReplicasAt({silent.address()}), absl::InfiniteFuture());
  query.Cancel();
  const std::vector<ServerModel> models = query.Await();
  ASSERT_THAT(models, SizeIs(1));
  EXPECT_THAT(models[0].model, StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace assay::client
