#include "client/score_call.h"

#include <grpcpp/create_channel.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/retry_after.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;

constexpr RetryPolicy kFastRetry = {.initial = absl::Milliseconds(1), .max = absl::Milliseconds(2)};
constexpr RetryPolicy kSlowRetry = {.initial = absl::Hours(1), .max = absl::Hours(1)};

v1::ScoreRequest RequestOf(const std::string& response) {
  v1::ScoreRequest request;
  v1::Message* message = request.add_prompt();
  message->set_role("user");
  message->set_content("p");
  request.add_responses(response);
  return request;
}

class ScoreCallTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScoreCall> Make(absl::Duration timeout, const RetryPolicy& retry) {
    return std::make_shared<ScoreCall>(std::vector<v1::RewardService::StubInterface*>{stub_.get()},
                                       RequestOf("r"), absl::Now() + timeout, retry,
                                       [this](absl::StatusOr<ScoreReply> outcome) {
                                         MutexLock lock(&mu_);
                                         EXPECT_FALSE(outcome_.has_value()) << "done ran twice";
                                         outcome_ = std::move(outcome);
                                         changed_.notify_all();
                                       });
  }
  absl::StatusOr<ScoreReply> Await() {
    MutexLock lock(&mu_);
    while (!outcome_.has_value()) changed_.wait(mu_);
    return *outcome_;
  }

  FakeRewardService service_;
  const std::unique_ptr<v1::RewardService::Stub> stub_ = v1::RewardService::NewStub(
      grpc::CreateChannel(service_.address(), grpc::InsecureChannelCredentials()));
  Mutex mu_;
  CondVar changed_;
  std::optional<absl::StatusOr<ScoreReply>> outcome_ ABSL_GUARDED_BY(mu_);
};

TEST_F(ScoreCallTest, ARefusalIsRetriedUntilItIsLifted) {
  service_.RefuseNext(2,
                      WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(1)));
  service_.RefuseNext(2, absl::UnavailableError("restarting"));
  Make(absl::Seconds(30), kFastRetry)->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(Await()->results[0]->score, FakeRewardService::ScoreOf("p", "r"));
  EXPECT_EQ(service_.requests(), 5);
}

TEST_F(ScoreCallTest, AResultThatMayBeRetriedIsAskedForAgain) {
  service_.FailResult(
      "r", WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(1)), 2);
  Make(absl::Seconds(30), kFastRetry)->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_THAT(Await()->results[0], IsOk());
  EXPECT_EQ(service_.requests(), 3);
}

TEST_F(ScoreCallTest, TheServersWaitIsKept) {
  service_.RefuseNext(
      1, WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(200)));
  const absl::Time began = absl::Now();
  Make(absl::Seconds(30), kFastRetry)->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_GE(absl::Now() - began, absl::Milliseconds(200));
}

TEST_F(ScoreCallTest, WhatIsTooLargeIsNotRetried) {
  service_.RefuseNext(1, absl::ResourceExhaustedError("message larger than max"));
  Make(absl::Seconds(30), kFastRetry)->Start();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kResourceExhausted, "message larger than max"));
  EXPECT_EQ(service_.requests(), 1);
}

TEST_F(ScoreCallTest, ACallCancelledByNobodyHereIsMadeAgain) {
  service_.RefuseNext(2, absl::CancelledError("its connection closed"));
  Make(absl::Seconds(30), kFastRetry)->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(service_.requests(), 3);
}

TEST_F(ScoreCallTest, NoOtherCodeIsRetried) {
  service_.RefuseNext(1, absl::InternalError("NaN"));
  Make(absl::Seconds(30), kFastRetry)->Start();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kInternal, "NaN"));
  EXPECT_EQ(service_.requests(), 1);
}

TEST_F(ScoreCallTest, TheLastRefusalStandsWhenTheNextAttemptWouldBeTooLate) {
  service_.RefuseNext(1, WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Seconds(31)));
  Make(absl::Seconds(30), kFastRetry)->Start();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kResourceExhausted, "full"));
  EXPECT_EQ(service_.requests(), 1);
}

TEST_F(ScoreCallTest, ASilentServerIsDeadlineExceeded) {
  service_.GoSilent();
  Make(absl::Milliseconds(50), kFastRetry)->Start();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(ScoreCallTest, CancelEndsAnAttemptUnderWay) {
  service_.GoSilent();
  const auto call = Make(absl::Hours(1), kFastRetry);
  call->Start();
  service_.AwaitRequests(1);
  call->Cancel();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ScoreCallTest, CancelEndsAWaitForTheNextAttempt) {
  service_.RefuseNext(1 << 20, absl::UnavailableError("down"));
  const auto call = Make(absl::Hours(1000), kSlowRetry);
  call->Start();
  service_.AwaitRequests(1);
  call->Cancel();
  EXPECT_FALSE(Await().ok());  // Long before the hour.
}

TEST_F(ScoreCallTest, ACallIsFreedOnceItIsDone) {
  service_.RefuseNext(1, absl::UnavailableError("down"));
  std::weak_ptr<ScoreCall> observer;
  {
    const auto call = Make(absl::Seconds(30), kFastRetry);
    observer = call;
    call->Start();
    ASSERT_THAT(Await(), IsOk());
  }
  // The gRPC thread that ran `done` lets go right after it.
  for (int i = 0; i < 1'000'000 && !observer.expired(); ++i) std::this_thread::yield();
  EXPECT_TRUE(observer.expired());
}

}  // namespace
}  // namespace assay::client
