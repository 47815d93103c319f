#include "client/model_query.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/client/bulk_runs.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ModelQueryTest, EachServersAnswerOrErrorIsInTheServersOrder) {
  FakeRewardService first;
  FakeRewardService second;
  std::string gone;
  {
    FakeRewardService service;
    gone = service.address();
  }
  second.SetRevision("another");
  const std::vector<ServerModel> models =
      ModelQuery(ReplicasAt({first.address(), gone, second.address()}),
                 absl::Now() + absl::Seconds(50))
          .Await();
  ASSERT_THAT(models, SizeIs(3));
  EXPECT_EQ(models[0].address, first.address());
  ASSERT_OK(models[0].model);
  EXPECT_EQ(models[0].model->revision, "fake-revision-0123456789");
  EXPECT_EQ(models[1].address, gone);
  EXPECT_THAT(models[1].model, StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(models[2].model);
  EXPECT_EQ(models[2].model->revision, "another");
}

TEST(ModelQueryTest, NoServersAreNoAnswers) {
  EXPECT_THAT(ModelQuery({}, absl::Now() + absl::Seconds(50)).Await(), IsEmpty());
}

TEST(ModelQueryTest, ACancelledQueryEndsWithoutItsServers) {
  // A port where connections are made and nothing is said.
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(silent, 1), 0);
  ASSERT_EQ(getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ModelQuery query(ReplicasAt({absl::StrCat("127.0.0.1:", ntohs(address.sin_port))}),
                   absl::InfiniteFuture());
  query.Cancel();
  const std::vector<ServerModel> models = query.Await();
  close(silent);
  ASSERT_THAT(models, SizeIs(1));
  EXPECT_THAT(models[0].model, StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace assay::client
