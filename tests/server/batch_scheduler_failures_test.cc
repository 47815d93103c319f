// Devices that fail for good, and devices that hang.
#include "tests/server/batch_scheduler_fixture.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::FakeScorer;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

using BatchSchedulerFailuresTest = BatchSchedulerTest;

TEST_F(BatchSchedulerFailuresTest, ATaskWhoseDeviceBreaksRunsOnAnother) {
  FakeScorer other;
  scorer_.Block();
  other.Block();
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 1}}}, &clock_, {&scorer_, &other});
  for (int i = 0; i < 2; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(1, &answers_, i)));
  scorer_.AwaitBegun(1);
  other.AwaitBegun(1);
  scorer_.Break();
  scorer_.Release();
  scorer_.AwaitBatches(1);
  other.Release();
  for (const auto& answer : answers_.Await(2)) EXPECT_OK(answer);
  const SchedulerState state = scheduler.state();
  EXPECT_EQ(state.workers[0].condition, WorkerCondition::kBroken);
  EXPECT_NE(state.workers[1].condition, WorkerCondition::kBroken);
  ASSERT_OK(Schedule(scheduler, TaskOf(1, &answers_)));
  answers_.Await(3);
  EXPECT_EQ(scorer_.AwaitBatches(1).size(), 1);  // It got no more work.
}

TEST_F(BatchSchedulerFailuresTest, ATaskThatBreaksTwoDevicesIsNotTriedAgain) {
  FakeScorer other;
  scorer_.Break();
  other.Break();
  BatchScheduler scheduler({}, &clock_, {&scorer_, &other});
  ASSERT_OK(Schedule(scheduler, TaskOf(1, &answers_)));
  EXPECT_THAT(answers_.Await(1)[0],
              StatusIs(absl::StatusCode::kInternal, HasSubstr("two devices")));
}

TEST_F(BatchSchedulerFailuresTest, WithoutADeviceLeftEverythingIsAnsweredUnavailable) {
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 2}}}, &clock_, {&scorer_});
  Occupy(scheduler);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, i)));
  scorer_.Break();
  scorer_.Release();
  for (const auto& answer : answers_.Await(5)) {
    EXPECT_THAT(answer, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("every device")));
  }
  EXPECT_THAT(busy_.Await(1)[0], StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Schedule(scheduler, TaskOf(1, &answers_)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("every device")));
  EXPECT_EQ(scheduler.state().queued_tokens, 0);
}

TEST_F(BatchSchedulerFailuresTest, AWorkerWhosePassTakesTooLongIsStuckUntilItEnds) {
  BatchScheduler scheduler({.stuck_after = absl::Seconds(10)}, &clock_, {&scorer_});
  EXPECT_EQ(scheduler.state().workers[0].condition, WorkerCondition::kIdle);
  Occupy(scheduler);
  EXPECT_EQ(scheduler.state().workers[0].condition, WorkerCondition::kRunning);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(scheduler.state().workers[0].condition, WorkerCondition::kStuck);
  EXPECT_EQ(scheduler.state().workers[0].since, absl::Seconds(11));
  scorer_.Release();
  busy_.Await(1);
  EXPECT_EQ(scheduler.state().workers[0].condition, WorkerCondition::kIdle);
}

}  // namespace
}  // namespace assay
