#include "client/score_call.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
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

std::shared_ptr<Replica> ReplicaOf(const FakeRewardService& service) {
  return std::make_shared<Replica>(service.address(), service.NewStub());
}

// gRPC's timers run in order: those that were due within `time` have run.
void AwaitTimers(absl::Duration time) {
  absl::Notification ran;
  grpc::Alarm alarm;
  alarm.Set(absl::ToChronoTime(absl::Now() + time), [&ran](bool) { ran.Notify(); });
  ran.WaitForNotification();
}

class ScoreCallTest : public ::testing::Test {
 protected:
  std::shared_ptr<ScoreCall> Make(absl::Duration timeout, const RetryPolicy& retry) {
    return Make(&only_, {.deadline = absl::Now() + timeout, .retry = retry});
  }
  std::shared_ptr<ScoreCall> Make(ReplicaSet* replicas, const ScoreCallOptions& options) {
    return std::make_shared<ScoreCall>(replicas, RequestOf("r"), options,
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
  ReplicaSet only_{ReplicaList{ReplicaOf(service_)}};
  Mutex mu_;
  CondVar changed_;
  std::optional<absl::StatusOr<ScoreReply>> outcome_ ABSL_GUARDED_BY(mu_);
};

// Several servers; a set of the test's own making begins with the first.
class ScoreCallsTest : public ScoreCallTest {
 protected:
  void Serve(int n) {
    ReplicaList replicas;
    for (int i = 0; i < n; ++i) {
      services_.push_back(std::make_unique<FakeRewardService>());
      replicas.push_back(ReplicaOf(*services_.back()));
    }
    replicas_ = std::make_unique<ReplicaSet>(std::move(replicas));
  }
  ScoreCallOptions Options(const RetryPolicy& retry = kFastRetry) {
    return {.deadline = absl::Now() + absl::Seconds(60), .retry = retry};
  }
  ScoreCallOptions Hedging(HedgeBudget* budget) {
    ScoreCallOptions options = Options();
    options.hedge_after = absl::Milliseconds(1);
    options.hedge_budget = budget;
    return options;
  }
  int requests() const {
    int requests = 0;
    for (const auto& service : services_) requests += service->requests();
    return requests;
  }

  // Starts a call of silent servers, waits until `n` of them have it and all its timers of up to
  // 50 ms have run, and ends it.
  void ExpectToReachInAll(int n, const ScoreCallOptions& options) {
    const auto call = Make(replicas_.get(), options);
    call->Start();
    for (int i = 0; i < n; ++i) services_[i]->AwaitRequests(1);
    AwaitTimers(absl::Milliseconds(50));
    EXPECT_EQ(requests(), n);
    call->Cancel();
    EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kCancelled));
  }

  std::vector<std::unique_ptr<FakeRewardService>> services_;
  std::unique_ptr<ReplicaSet> replicas_;
};

absl::Status FullFor(absl::Duration wait) {
  return WithRetryAfter(absl::ResourceExhaustedError("full"), wait);
}

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

TEST_F(ScoreCallsTest, ARefusalGoesToAnotherReplicaAtOnce) {
  Serve(2);
  services_[0]->RefuseNext(1, FullFor(absl::Hours(1)));
  Make(replicas_.get(), Options())->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(services_[0]->requests(), 1);
  EXPECT_EQ(services_[1]->requests(), 1);
}

TEST_F(ScoreCallsTest, SoDoesAResultThatWasRefusedAndAServerThatIsGone) {
  Serve(3);
  services_[0]->FailResult("r", FullFor(absl::Hours(1)), 1);
  services_[1].reset();
  Make(replicas_.get(), Options(kSlowRetry))->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_THAT(Await()->results[0], IsOk());
  EXPECT_EQ(services_[0]->requests(), 1);
  EXPECT_EQ(services_[2]->requests(), 1);
}

TEST_F(ScoreCallsTest, AReplicaThatDiesUnderACallIsReplaced) {
  Serve(2);
  services_[0]->GoSilent();
  Make(replicas_.get(), Options(kSlowRetry))->Start();
  services_[0]->AwaitRequests(1);
  services_[0].reset();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(services_[1]->requests(), 1);
}

TEST_F(ScoreCallsTest, WhereAllRefuseTheShortestOfTheirTimesIsWaited) {
  Serve(3);
  services_[0]->RefuseNext(1, FullFor(absl::Hours(1)));
  services_[1]->RefuseNext(1, FullFor(absl::Milliseconds(50)));
  services_[2]->RefuseNext(1, absl::UnavailableError("stopping"));
  const absl::Time began = absl::Now();
  Make(replicas_.get(), Options(kSlowRetry))->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_GE(absl::Now() - began, absl::Milliseconds(50));
  EXPECT_EQ(requests(), 4);
}

TEST_F(ScoreCallsTest, AnOverloadOfAllIsNotMultipliedByTheirNumber) {
  Serve(6);
  for (const auto& service : services_) service->RefuseNext(10, FullFor(absl::Hours(1)));
  Make(replicas_.get(), Options())->Start();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kResourceExhausted, "full"));
  EXPECT_EQ(requests(), 1 + ScoreCall::kOthersAtOnce);
}

TEST_F(ScoreCallsTest, AttemptsAreCountedWhereverTheyGo) {
  Serve(4);
  for (const auto& service : services_) service->RefuseNext(10, absl::UnavailableError("no"));
  Make(replicas_.get(), Options({.max_attempts = 2}))->Start();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kUnavailable, "no"));
  EXPECT_EQ(requests(), 2);
}

TEST_F(ScoreCallsTest, AReplicaThatDoesNotAnswerIsJoinedByAnotherAndLetGo) {
  Serve(2);
  HedgeBudget budget(1);
  services_[0]->GoSilent();
  Make(replicas_.get(), Hedging(&budget))->Start();
  ASSERT_THAT(Await(), IsOk());
  services_[0]->AwaitCancelled(1);
  EXPECT_EQ(requests(), 2);
  for (const auto& replica : replicas_->Current()) EXPECT_EQ(replica->outstanding(), 0);
}

TEST_F(ScoreCallsTest, TheFirstMayStillBeTheOneToAnswer) {
  Serve(2);
  HedgeBudget budget(1);
  services_[0]->GoSilent();
  services_[1]->GoSilent();
  Make(replicas_.get(), Hedging(&budget))->Start();
  services_[1]->AwaitRequests(1);
  services_[0]->Speak();
  ASSERT_THAT(Await(), IsOk());
  services_[1]->AwaitCancelled(1);
}

TEST_F(ScoreCallsTest, ARefusedHedgeLeavesTheFirstItsTime) {
  Serve(3);
  HedgeBudget budget(1);
  services_[0]->GoSilent();
  services_[1]->RefuseNext(1, FullFor(absl::Hours(1)));
  Make(replicas_.get(), Hedging(&budget))->Start();
  services_[1]->AwaitRequests(1);
  services_[0]->Speak();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(services_[2]->requests(), 0);
}

TEST_F(ScoreCallsTest, ACallIsHedgedOnce) {
  Serve(3);
  HedgeBudget budget(1);
  for (const auto& service : services_) service->GoSilent();
  ExpectToReachInAll(2, Hedging(&budget));
}

TEST_F(ScoreCallsTest, ACallThatTheBudgetDidNotAllowIsHedgedOnceItDoes) {
  Serve(2);
  HedgeBudget budget(0.5);
  EXPECT_TRUE(budget.Take());
  services_[0]->GoSilent();
  Make(replicas_.get(), Hedging(&budget))->Start();
  AwaitTimers(absl::Milliseconds(50));
  EXPECT_EQ(services_[1]->requests(), 0);
  budget.CountCall();
  ASSERT_THAT(Await(), IsOk());
}

TEST_F(ScoreCallsTest, WithoutABudgetNoCallIsHedged) {
  Serve(2);
  HedgeBudget nothing(0);
  services_[0]->GoSilent();
  ExpectToReachInAll(1, Hedging(&nothing));
}

TEST_F(ScoreCallsTest, OneReplicaAloneIsNotAskedTwice) {
  Serve(1);
  HedgeBudget budget(1);
  services_[0]->GoSilent();
  ExpectToReachInAll(1, Hedging(&budget));
  EXPECT_TRUE(budget.Take());
}

TEST_F(ScoreCallsTest, CancelEndsBothAttempts) {
  Serve(2);
  HedgeBudget budget(1);
  for (const auto& service : services_) service->GoSilent();
  const auto call = Make(replicas_.get(), Hedging(&budget));
  call->Start();
  for (const auto& service : services_) service->AwaitRequests(1);
  call->Cancel();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kCancelled));
  for (const auto& service : services_) service->AwaitCancelled(1);
}

TEST_F(ScoreCallsTest, APromptPrefersOneReplicaAndSaysSo) {
  Serve(3);
  ScoreCallOptions options = Options();
  options.prompt_hash = 0xabc;
  const auto preferred = replicas_->Choose(0xabc, {});
  for (int i = 0; i < 5; ++i) {
    Make(replicas_.get(), options)->Start();
    ASSERT_THAT(Await(), IsOk());
    MutexLock lock(&mu_);
    outcome_.reset();
  }
  for (const auto& service : services_) {
    const bool is_preferred = service->address() == preferred->address();
    EXPECT_EQ(service->requests(), is_preferred ? 5 : 0);
    EXPECT_EQ(service->prompt_hash(), is_preferred ? "0000000000000abc" : "");
  }
}

TEST_F(ScoreCallTest, WithoutAPromptsHashNoneIsSent) {
  Make(absl::Seconds(30), kFastRetry)->Start();
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(service_.prompt_hash(), "");
}

}  // namespace
}  // namespace assay::client
