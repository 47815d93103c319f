#include "server/batch_scheduler.h"

#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "base/retry_after.h"
#include "tests/server/batch_scheduler_fixture.h"
#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakeClock;
using testing::FakeScoreOf;
using testing::FakeScorer;
using testing::GroupOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::Mailbox;
using testing::StatusIs;

TEST_F(BatchSchedulerTest, ATaskIsAnsweredWithItsOwnScores) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  ASSERT_OK(Schedule(scheduler, TaskOf(3, &answers_, 7)));
  const auto answers = answers_.Await(1);
  ASSERT_OK(answers[0]);
  EXPECT_EQ(answers[0]->scores[0]->score, FakeScoreOf({7, 8, 9}));
  EXPECT_EQ(answers[0]->forward_began, clock_.Now());
}

TEST_F(BatchSchedulerTest, ALoneTaskRunsAtOnceWithoutATimer) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  ASSERT_OK(Schedule(scheduler, TaskOf(1, &answers_)));
  EXPECT_THAT(scorer_.AwaitBatches(1), ElementsAre(1));  // The clock has not moved.
}

TEST_F(BatchSchedulerTest, WhatQueuedWhileTheDeviceWasBusyIsOneBatch) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  Occupy(scheduler);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, i)));
  scorer_.Release();
  answers_.Await(5);
  EXPECT_THAT(scorer_.AwaitBatches(2), ElementsAre(1, 5));
}

TEST_F(BatchSchedulerTest, ABatchHoldsNoMoreThanTheBudget) {
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 5}}}, &clock_, {&scorer_});
  Occupy(scheduler);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, i)));
  scorer_.Release();
  answers_.Await(5);
  EXPECT_THAT(scorer_.AwaitBatches(4), ElementsAre(1, 2, 2, 1));
}

TEST_F(BatchSchedulerTest, AFullQueueRefusesWithTheNumbersAndRunsNoneOfTheRefused) {
  BatchScheduler scheduler({.queue = {.max_queued_tokens = 10}}, &clock_, {&scorer_});
  Occupy(scheduler);
  ASSERT_OK(Schedule(scheduler, TaskOf(7, &answers_)));
  Answers refused;
  EXPECT_THAT(Schedule(scheduler, TaskOf(4, &refused)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("7 tokens wait"), HasSubstr("4 more"), HasSubstr("10"))));
  ASSERT_OK(Schedule(scheduler, TaskOf(3, &answers_)));
  scorer_.Release();
  scheduler.Drain(absl::InfiniteFuture());
  EXPECT_EQ(answers_.size(), 2);
  EXPECT_EQ(refused.size(), 0);
}

TEST_F(BatchSchedulerTest, TheTasksOfARequestAreTakenAllOrNone) {
  BatchScheduler scheduler({.queue = {.max_queued_tokens = 10}}, &clock_, {&scorer_});
  Occupy(scheduler);
  ASSERT_OK(Schedule(scheduler, TaskOf(4, &answers_)));
  std::vector<ScoreTask> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(TaskOf(3, &answers_));
  EXPECT_THAT(scheduler.Schedule(std::move(tasks), absl::InfiniteFuture(), OnFull::kRefuse).status,
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(scheduler.state().queued_tokens, 4);
  scorer_.Release();
}

TEST_F(BatchSchedulerTest, AnEmptyQueueTakesARequestLargerThanTheLimit) {
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 5}, .max_queued_tokens = 5}},
                           &clock_, {&scorer_});
  ASSERT_OK(Schedule(scheduler, TaskOf(50, &answers_)));
  EXPECT_OK(answers_.Await(1)[0]);
}

TEST_F(BatchSchedulerTest, ATaskPastItsDeadlineIsAnsweredAndNeverRun) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  Occupy(scheduler);
  ScoreTask hurried = TaskOf(2, &answers_, 10);
  hurried.interest = WaitingUntil(clock_.Now() + absl::Seconds(1));
  ASSERT_OK(Schedule(scheduler, std::move(hurried)));
  ScoreTask patient = TaskOf(2, &answers_, 20);
  patient.interest = WaitingUntil(clock_.Now() + absl::Seconds(2));
  ASSERT_OK(Schedule(scheduler, std::move(patient)));
  clock_.Advance(absl::Seconds(1));
  scorer_.Release();
  const auto answers = answers_.Await(2);
  EXPECT_THAT(answers[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_OK(answers[1]);
  EXPECT_THAT(scorer_.Scored(), ElementsAre(TokenIds{0}, TokenIds{20, 21}));
}

TEST_F(BatchSchedulerTest, ACancelledTaskIsAnsweredAndNeverRun) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  Occupy(scheduler);
  const CancelFlag cancelled = std::make_shared<std::atomic<bool>>(false);
  ScoreTask task = TaskOf(2, &answers_, 10);
  task.interest = std::make_shared<TaskInterest>(Waiter{.cancelled = cancelled});
  ASSERT_OK(Schedule(scheduler, std::move(task)));
  cancelled->store(true);
  scorer_.Release();
  EXPECT_THAT(answers_.Await(1)[0], StatusIs(absl::StatusCode::kCancelled));
  scheduler.Drain(absl::InfiniteFuture());
  EXPECT_THAT(scorer_.Scored(), ElementsAre(TokenIds{0}));
}

TEST_F(BatchSchedulerTest, DeadTasksDoNotKeepLiveOnesOutOfAFullQueue) {
  BatchScheduler scheduler({.queue = {.max_queued_tokens = 10}}, &clock_, {&scorer_});
  Occupy(scheduler);
  ScoreTask task = TaskOf(10, &answers_);
  task.interest = WaitingUntil(clock_.Now() + absl::Seconds(1));
  ASSERT_OK(Schedule(scheduler, std::move(task)));
  EXPECT_THAT(Schedule(scheduler, TaskOf(1, &answers_)),
              StatusIs(absl::StatusCode::kResourceExhausted));
  clock_.Advance(absl::Seconds(1));
  EXPECT_OK(Schedule(scheduler, TaskOf(1, &answers_)));
  EXPECT_THAT(answers_.Await(1)[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
  scorer_.Release();
}

TEST_F(BatchSchedulerTest, AnswersAreNotGivenOnTheDevicesThread) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  // The first answer takes until the second batch is over, which it would never be if the worker
  // gave the answer.
  Mailbox<bool> second_over;
  Answers done;
  ScoreTask first = TaskOf(1, nullptr);
  first.done = [&](absl::StatusOr<TaskScores> scores) {
    second_over.Await(1);
    done.Put(std::move(scores));
  };
  ASSERT_OK(Schedule(scheduler, std::move(first)));
  scorer_.AwaitBatches(1);
  ASSERT_OK(Schedule(scheduler, TaskOf(1, &answers_)));
  scorer_.AwaitBatches(2);
  second_over.Put(true);
  done.Await(1);
}

TEST_F(BatchSchedulerTest, DrainAnswersEveryTaskTakenAndRefusesNewOnes) {
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 3}}}, &clock_, {&scorer_});
  Occupy(scheduler);
  for (int i = 0; i < 50; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, i)));
  std::thread release([&] { scorer_.Release(); });
  scheduler.Drain(absl::InfiniteFuture());
  release.join();
  EXPECT_EQ(answers_.size(), 50);
  for (const auto& answer : answers_.Await(50)) EXPECT_OK(answer);
  EXPECT_THAT(Schedule(scheduler, TaskOf(2, &answers_)), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(BatchSchedulerTest, WhatHasNotBegunByTheDrainsDeadlineIsAnsweredUnavailable) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  Occupy(scheduler);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, i)));
  std::thread drain([&] { scheduler.Drain(clock_.Now()); });
  // Until the drain has begun.
  while (Schedule(scheduler, TaskOf(1, &answers_)).ok()) std::this_thread::yield();
  scorer_.Release();
  drain.join();
  EXPECT_OK(busy_.Await(1)[0]);  // It had begun.
  ASSERT_GE(answers_.size(), 5);
  for (const auto& answer : answers_.Await(5)) {
    EXPECT_THAT(answer, StatusIs(absl::StatusCode::kUnavailable));
  }
}

TEST_F(BatchSchedulerTest, DestructionAnswersEveryTaskTaken) {
  {
    BatchScheduler scheduler({}, &clock_, {&scorer_});
    for (int i = 0; i < 20; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, i)));
  }
  EXPECT_EQ(answers_.size(), 20);
}

TEST_F(BatchSchedulerTest, AFailedResponseFailsAlone) {
  scorer_.FailOn({10, 11});
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  Occupy(scheduler);
  for (TokenId first : {10, 20}) ASSERT_OK(Schedule(scheduler, TaskOf(2, &answers_, first)));
  scorer_.Release();
  const auto answers = answers_.Await(2);
  EXPECT_THAT(answers[0]->scores[0], StatusIs(absl::StatusCode::kInternal));
  EXPECT_OK(answers[1]->scores[0]);
  EXPECT_EQ(scheduler.state().counters.responses, 2);
  EXPECT_EQ(scheduler.state().counters.batched_responses, 3);
}

TEST_F(BatchSchedulerTest, WhoMustWaitForRoomIsToldWhenABatchForms) {
  BatchScheduler scheduler({.queue = {.max_queued_tokens = 10}}, &clock_, {&scorer_});
  Occupy(scheduler);
  EXPECT_TRUE(scheduler.HasRoomOrTell("default", [] { FAIL(); }));
  ASSERT_OK(Schedule(scheduler, TaskOf(10, &answers_)));
  Mailbox<bool> told;
  EXPECT_FALSE(scheduler.HasRoomOrTell("default", [&told] { told.Put(true); }));
  // A stream's request is taken though there is no room.
  EXPECT_OK(
      scheduler.Schedule(One(TaskOf(1, &answers_)), absl::InfiniteFuture(), OnFull::kWait).status);
  EXPECT_EQ(told.size(), 0);
  scorer_.Release();
  told.Await(1);
}

TEST_F(BatchSchedulerTest, ARefusalSaysWhenToComeBack) {
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 10},
                                      .max_queued_tokens = 100,
                                      .initial_tokens_per_second = 10}},
                           &clock_, {&scorer_});
  Occupy(scheduler);
  ASSERT_OK(Schedule(scheduler, TaskOf(100, &answers_)));
  const absl::Status refused = Schedule(scheduler, TaskOf(50, &answers_));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(RetryAfter(refused), absl::Seconds(5));
  const absl::Status hurried =
      Schedule(scheduler, TaskOf(1, &answers_), clock_.Now() + absl::Seconds(3));
  EXPECT_THAT(hurried, StatusIs(absl::StatusCode::kResourceExhausted));
  scorer_.Release();
}

TEST_F(BatchSchedulerTest, EachScorerHasItsOwnWorker) {
  FakeScorer other;
  scorer_.Block();
  other.Block();
  BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 1}}}, &clock_, {&scorer_, &other});
  for (int i = 0; i < 2; ++i) ASSERT_OK(Schedule(scheduler, TaskOf(1, &answers_, i)));
  scorer_.AwaitBegun(1);  // Both at once: neither can end before.
  other.AwaitBegun(1);
  scorer_.Release();
  other.Release();
  answers_.Await(2);
}

TEST_F(BatchSchedulerTest, CountersAddUp) {
  BatchScheduler scheduler({}, &clock_, {&scorer_});
  Occupy(scheduler);
  ScoreTask task = TaskOf(0, &answers_);
  task.group = GroupOf(10, {1, 2});
  ASSERT_OK(Schedule(scheduler, std::move(task)));
  ASSERT_OK(Schedule(scheduler, TaskOf(5, &answers_)));
  EXPECT_EQ(scheduler.state().queued_tokens, 18);
  scorer_.Release();
  answers_.Await(2);
  const SchedulerCounters counters = scheduler.state().counters;
  EXPECT_EQ(counters.batches, 2);
  EXPECT_EQ(counters.batched_groups, 3);
  EXPECT_EQ(counters.max_batch_groups, 2);
  EXPECT_EQ(counters.batched_responses, 4);
  EXPECT_EQ(counters.responses, 4);
  EXPECT_EQ(counters.input_tokens, 1 + 11 + 12 + 5);
  EXPECT_EQ(counters.computed_tokens, 1 + 13 + 5);
  EXPECT_EQ(scheduler.state().queued_tokens, 0);
}

TEST_F(BatchSchedulerTest, ManyThreadsSchedulingGetEachAnswerOnceAndTheRightOne) {
  FakeScorer other;
  constexpr int kThreads = 8;
  constexpr int kTasks = 200;
  std::atomic<int> right = 0;
  std::atomic<int> answered = 0;
  {
    BatchScheduler scheduler({.queue = {.budget = {.max_tokens = 64}}}, &clock_,
                             {&scorer_, &other});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kTasks; ++i) {
          ScoreTask task = TaskOf(0, nullptr);
          task.group = GroupOf(0, {i % 7 + 1}, t * 1000 + i);
          const float expected = FakeScoreOf(task.group.responses[0].tokens);
          task.done = [&, expected](absl::StatusOr<TaskScores> scores) {
            ++answered;
            if (scores.ok() && scores->scores[0].ok() && scores->scores[0]->score == expected)
              ++right;
          };
          EXPECT_OK(Schedule(scheduler, std::move(task)));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    scheduler.Drain(absl::InfiniteFuture());
  }
  EXPECT_EQ(answered, kThreads * kTasks);
  EXPECT_EQ(right, kThreads * kTasks);
}

}  // namespace
}  // namespace assay
