#include "server/work_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "base/retry_after.h"
#include "tests/testing/builders.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::GroupOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1000);
constexpr absl::Time kNever = absl::InfiniteFuture();
const Flow kA = {.tenant = "a"};
const Flow kB = {.tenant = "b"};

ScoreTask TaskOf(int tokens, const Flow& flow = kA, absl::Time deadline = kNever) {
  return {.group = GroupOf(0, {tokens}),
          .flow = flow,
          .interest = std::make_shared<TaskInterest>(Waiter{.deadline = deadline})};
}

class WorkQueueTest : public ::testing::Test {
 protected:
  // A queue in which a pass of `tokens` runs since kNow.
  static WorkQueue Busy(const WorkQueueOptions& options, int tokens = 100) {
    WorkQueue queue(options);
    queue.Push(TaskOf(tokens));
    std::vector<WorkQueue::Dropped> dropped;
    queue.BeginPass(kNow, &dropped);
    return queue;
  }
};

TEST_F(WorkQueueTest, ARequestOverTheLimitIsRefusedUntilTheSurplusIsComputed) {
  WorkQueue queue = Busy(
      {.budget = {.max_tokens = 100}, .max_queued_tokens = 1000, .initial_tokens_per_second = 100});
  for (int i = 0; i < 10; ++i) queue.Push(TaskOf(100));
  const Admission full = queue.Check(kNow, kA, 300, kNever, OnFull::kRefuse);
  EXPECT_THAT(full.status, StatusIs(absl::StatusCode::kResourceExhausted,
                                    HasSubstr("1000 tokens wait, 300 more")));
  EXPECT_EQ(full.reason, Refusal::kQueueFull);
  EXPECT_EQ(RetryAfter(full.status), absl::Seconds(3));
  EXPECT_THAT(queue.Check(kNow, kA, 300, kNever, OnFull::kWait).status, IsOk());
  EXPECT_THAT(queue.Check(kNow, kB, 300, kNever, OnFull::kRefuse).status, IsOk());
  EXPECT_FALSE(queue.HasRoom("a"));
  EXPECT_TRUE(queue.HasRoom("b"));
}

TEST_F(WorkQueueTest, WhatWouldBeAnsweredTooLateIsRefusedWithTheTimeItLacks) {
  WorkQueue queue = Busy({.budget = {.max_tokens = 100}, .initial_tokens_per_second = 100}, 100);
  for (int i = 0; i < 5; ++i) queue.Push(TaskOf(100));
  // One second of the pass, five of the queue, one of its own, and a tenth of all that.
  const Admission late = queue.Check(kNow, kA, 100, kNow + absl::Seconds(7.2), OnFull::kRefuse);
  EXPECT_THAT(late.status,
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("ready in 7.7s")));
  EXPECT_EQ(late.reason, Refusal::kTooSlow);
  EXPECT_EQ(RetryAfter(late.status), absl::Milliseconds(501));
  EXPECT_THAT(queue.Check(kNow, kA, 100, kNow + absl::Seconds(7.8), OnFull::kRefuse).status,
              IsOk());
  // Half of the pass is over.
  EXPECT_THAT(
      queue.Check(kNow + absl::Seconds(0.5), kA, 100, kNow + absl::Seconds(7.7), OnFull::kRefuse)
          .status,
      IsOk());
}

TEST_F(WorkQueueTest, AnotherTenantsQueueCountsOnlyAsFarAsItIsServedBefore) {
  WorkQueue queue = Busy({.budget = {.max_tokens = 100}, .initial_tokens_per_second = 100}, 100);
  for (int i = 0; i < 100; ++i) queue.Push(TaskOf(100));
  EXPECT_THAT(queue.Check(kNow, kB, 100, kNow + absl::Seconds(4), OnFull::kRefuse).status, IsOk());
  EXPECT_THAT(queue.Check(kNow, kA, 100, kNow + absl::Seconds(4), OnFull::kRefuse).status,
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(WorkQueueTest, AnIdleServerNeverSaysThatItIsTooSlow) {
  const WorkQueue queue({.initial_tokens_per_second = 0.001});
  EXPECT_THAT(queue.Check(kNow, kA, 1000, kNow + absl::Milliseconds(1), OnFull::kRefuse).status,
              IsOk());
}

TEST_F(WorkQueueTest, PredictionCanBeTurnedOffAndNeedsAMeasurement) {
  WorkQueue unknown = Busy({});
  EXPECT_THAT(unknown.Check(kNow, kA, 10, kNow + absl::Milliseconds(1), OnFull::kRefuse).status,
              IsOk());
  WorkQueue off = Busy({.predict_deadlines = false, .initial_tokens_per_second = 1});
  EXPECT_THAT(off.Check(kNow, kA, 10, kNow + absl::Milliseconds(1), OnFull::kRefuse).status,
              IsOk());
}

TEST_F(WorkQueueTest, ThePassMeasuresTheSpeed) {
  WorkQueue queue({});
  EXPECT_EQ(queue.tokens_per_second(), 0);
  EXPECT_EQ(queue.PredictedWait(kNow), absl::ZeroDuration());
  queue.Push(TaskOf(100));
  std::vector<WorkQueue::Dropped> dropped;
  const WorkQueue::Batch batch = queue.BeginPass(kNow, &dropped);
  EXPECT_EQ(batch.tokens, 100);
  queue.EndPass(batch.pass, kNow + absl::Seconds(2), batch.tokens);
  EXPECT_NEAR(queue.tokens_per_second(), 50, 1e-6);
  queue.Push(TaskOf(100));
  EXPECT_NEAR(absl::ToDoubleSeconds(queue.PredictedWait(kNow)), 2, 1e-6);
}

TEST_F(WorkQueueTest, ABatchLeavesOutWhatNobodyWaitsFor) {
  WorkQueue queue({.budget = {.max_tokens = 10}});
  queue.Push(TaskOf(5, kA, kNow + absl::Seconds(1)));
  queue.Push(TaskOf(5));
  queue.Push(TaskOf(5));
  std::vector<WorkQueue::Dropped> dropped;
  const WorkQueue::Batch batch = queue.BeginPass(kNow + absl::Seconds(1), &dropped);
  EXPECT_EQ(batch.tasks.size(), 2);
  ASSERT_EQ(dropped.size(), 1);
  EXPECT_THAT(dropped[0].why, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(WorkQueueTest, WhatWouldBeTooLateGetsNoDeviceTimeUnlessNothingElseIsQueued) {
  WorkQueue queue({.budget = {.max_tokens = 100}, .initial_tokens_per_second = 100});
  queue.Push(TaskOf(50, kA, kNow + absl::Seconds(0.4)));
  queue.Push(TaskOf(50, kA, kNow + absl::Seconds(0.6)));
  std::vector<WorkQueue::Dropped> dropped;
  const WorkQueue::Batch batch = queue.BeginPass(kNow, &dropped);
  ASSERT_EQ(batch.tasks.size(), 1);
  EXPECT_EQ(batch.tasks[0].interest->LatestDeadline(), kNow + absl::Seconds(0.6));
  ASSERT_EQ(dropped.size(), 1);
  EXPECT_THAT(dropped[0].why,
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("would have passed")));
  queue.EndPass(batch.pass, kNow + absl::Seconds(0.5), 50);
  // Alone it is tried, so that the speed is measured anew.
  queue.Push(TaskOf(50, kA, kNow + absl::Seconds(0.6)));
  EXPECT_EQ(queue.BeginPass(kNow + absl::Seconds(0.5), &dropped).tasks.size(), 1);
}

TEST_F(WorkQueueTest, ABatchEndsBeforeTheTaskThatWouldMakeOneInItLate) {
  const WorkQueueOptions options = {.budget = {.max_tokens = 1000},
                                    .initial_tokens_per_second = 100};
  // By 3 s, with a tenth in hand, 272 tokens are computed.
  const auto tasks_of_batch = [](WorkQueue queue) {
    for (const absl::Duration due : {absl::Seconds(9), absl::Seconds(3), absl::Seconds(9)}) {
      queue.Push(TaskOf(100, kA, kNow + due));
    }
    std::vector<WorkQueue::Dropped> dropped;
    const WorkQueue::Batch batch = queue.BeginPass(kNow, &dropped);
    EXPECT_EQ(dropped.size(), 0);
    return batch.tasks.size();
  };
  EXPECT_EQ(tasks_of_batch(WorkQueue(options)), 2);
  WorkQueueOptions off = options;
  off.predict_deadlines = false;
  EXPECT_EQ(tasks_of_batch(WorkQueue(off)), 3);
}

TEST_F(WorkQueueTest, ASweepLooksAtTheWholeQueueButNotAllTheTime) {
  WorkQueue queue({});
  for (int i = 0; i < 10; ++i) queue.Push(TaskOf(5, kA, kNow + absl::Milliseconds(1 + 10 * i)));
  std::vector<WorkQueue::Dropped> dropped;
  queue.Sweep(kNow + absl::Milliseconds(21), &dropped);
  EXPECT_EQ(dropped.size(), 3);
  queue.Sweep(kNow + absl::Milliseconds(51), &dropped);
  EXPECT_EQ(dropped.size(), 3);
  queue.Sweep(kNow + absl::Milliseconds(71), &dropped);
  EXPECT_EQ(dropped.size(), 8);
  EXPECT_EQ(queue.queued_tasks(), 2);
  EXPECT_EQ(queue.queued_tokens(), 10);
}

TEST_F(WorkQueueTest, DropAllEmptiesTheQueue) {
  WorkQueue queue({});
  for (int i = 0; i < 3; ++i) queue.Push(TaskOf(5));
  std::vector<WorkQueue::Dropped> dropped;
  queue.DropAll(absl::UnavailableError("gone"), &dropped);
  ASSERT_EQ(dropped.size(), 3);
  EXPECT_EQ(dropped[2].why, absl::UnavailableError("gone"));
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace assay
