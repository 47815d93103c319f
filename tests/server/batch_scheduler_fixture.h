// tests/server/batch_scheduler_fixture.h
// What the tests of BatchScheduler share: a clock that stands still, a device, short ways to queue.
#ifndef ASSAY_TESTS_SERVER_BATCH_SCHEDULER_FIXTURE_H_
#define ASSAY_TESTS_SERVER_BATCH_SCHEDULER_FIXTURE_H_

#include <memory>
#include <vector>

#include "server/batch_scheduler.h"
#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {

using Answers = testing::Mailbox<absl::StatusOr<TaskScores>>;

class BatchSchedulerTest : public ::testing::Test {
 protected:
  ~BatchSchedulerTest() override { scorer_.Release(); }

  // A task of `tokens` tokens, numbered from `first` on, which answers to `answers`.
  static ScoreTask TaskOf(int tokens, Answers* answers, TokenId first = 0) {
    return {
        .group = testing::GroupOf(0, {tokens}, first),
        .done = [answers](absl::StatusOr<TaskScores> scores) { answers->Put(std::move(scores)); }};
  }

  static std::shared_ptr<TaskInterest> WaitingUntil(absl::Time deadline) {
    return std::make_shared<TaskInterest>(Waiter{.deadline = deadline});
  }

  static std::vector<ScoreTask> One(ScoreTask task) {
    std::vector<ScoreTask> tasks;
    tasks.push_back(std::move(task));
    return tasks;
  }

  static absl::Status Schedule(BatchScheduler& scheduler, ScoreTask task,
                               absl::Time deadline = absl::InfiniteFuture()) {
    return scheduler.Schedule(One(std::move(task)), deadline, OnFull::kRefuse).status;
  }

  // Keeps the device busy with a task of one token until scorer_.Release().
  void Occupy(BatchScheduler& scheduler) {
    scorer_.Block();
    ASSERT_OK(Schedule(scheduler, TaskOf(1, &busy_)));
    scorer_.AwaitBegun(1);
  }

  testing::FakeClock clock_;
  testing::FakeScorer scorer_;
  Answers busy_;
  Answers answers_;
};

}  // namespace assay

#endif  // ASSAY_TESTS_SERVER_BATCH_SCHEDULER_FIXTURE_H_
