#include "client/score_attempt.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeRewardService;
using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;

class ScoreAttemptTest : public ::testing::Test {
 protected:
  ScoreAttemptTest() {
    v1::Message* message = request_.add_prompt();
    message->set_role("user");
    message->set_content("p");
    request_.add_responses("r");
  }
  void Start(const std::shared_ptr<ScoreAttempt>& attempt) {
    attempt->Start(request_, [this](absl::StatusOr<ScoreReply> outcome) {
      MutexLock lock(&mu_);
      holders_ = replica_.use_count();
      outcome_ = std::move(outcome);
      changed_.notify_all();
    });
  }
  absl::StatusOr<ScoreReply> Await() {
    MutexLock lock(&mu_);
    while (!outcome_.has_value()) changed_.wait(mu_);
    return *outcome_;
  }
  std::shared_ptr<ScoreAttempt> Make(absl::Duration timeout,
                                     std::optional<uint64_t> prompt_hash = std::nullopt) {
    return std::make_shared<ScoreAttempt>(replica_, absl::Now() + timeout, prompt_hash);
  }

  FakeRewardService service_;
  v1::ScoreRequest request_;
  const std::shared_ptr<Replica> replica_ =
      std::make_shared<Replica>(service_.address(), service_.NewStub());
  Mutex mu_;
  CondVar changed_;
  std::optional<absl::StatusOr<ScoreReply>> outcome_ ABSL_GUARDED_BY(mu_);
  int64_t holders_ ABSL_GUARDED_BY(mu_) = 0;  // Of the replica, when the attempt ended.
};

TEST_F(ScoreAttemptTest, AnAnswerComesOnceTheAttemptHoldsNothingAnyMore) {
  Start(Make(absl::Seconds(60), 0x1f));
  ASSERT_THAT(Await(), IsOk());
  EXPECT_EQ(Await()->results[0]->score, FakeRewardService::ScoreOf("p", "r"));
  EXPECT_EQ(service_.prompt_hash(), "000000000000001f");
  EXPECT_EQ(replica_->outstanding(), 0);
  MutexLock lock(&mu_);
  EXPECT_EQ(holders_, 1);
}

TEST_F(ScoreAttemptTest, WhileItIsUnderWayItCountsAndCancelEndsIt) {
  service_.GoSilent();
  const auto attempt = Make(absl::Hours(1));
  EXPECT_EQ(replica_->outstanding(), 0);
  Start(attempt);
  EXPECT_EQ(replica_->outstanding(), 1);
  service_.AwaitRequests(1);
  attempt->Cancel();
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(replica_->outstanding(), 0);
  attempt->Cancel();  // Too late is no harm.
}

TEST_F(ScoreAttemptTest, CancelledBeforeItBeginsItEndsAtOnce) {
  service_.GoSilent();
  const auto attempt = Make(absl::Hours(1));
  attempt->Cancel();
  Start(attempt);
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ScoreAttemptTest, TheServersErrorsAndTheDeadlineArrive) {
  service_.RefuseNext(1, absl::FailedPreconditionError("another revision"));
  Start(Make(absl::Seconds(60)));
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kFailedPrecondition, "another revision"));
  {
    MutexLock lock(&mu_);
    outcome_.reset();
  }
  service_.GoSilent();
  Start(Make(absl::Milliseconds(20)));
  EXPECT_THAT(Await(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace assay::client
