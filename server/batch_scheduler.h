// server/batch_scheduler.h
// Admits scoring tasks by their tokens, groups them into batches, and runs the batches on the
// Scorers, one worker thread each. Decides *when* a batch runs: as soon as a device is free. There
// is no timer; a batch is what queued while the devices were busy, so it grows with the load by
// itself. *Which* tasks share it is SelectBatch()'s choice (batch_policy.h). Answers are given on a
// thread of their own, so that no device waits for a reply to be written.
#ifndef ASSAY_SERVER_BATCH_SCHEDULER_H_
#define ASSAY_SERVER_BATCH_SCHEDULER_H_

#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/scorer.h"
#include "server/batch_policy.h"
#include "server/score_task.h"
#include "server/server_state.h"

namespace assay {

struct BatchSchedulerOptions {
  TokenBudget budget = {};
  // Admission limit in computed tokens. The longest wait in the queue is this over the devices'
  // tokens per second.
  int64_t max_queued_tokens = int64_t{1} << 20;
};

// Thread-safe, except that the owner alone calls Drain() and the destructor.
class BatchScheduler {
 public:
  // Borrows `clock` and `scorers`, which must outlive it; at least one scorer. Each scorer is
  // called from one thread.
  BatchScheduler(const BatchSchedulerOptions& options, Clock* clock, std::vector<Scorer*> scorers);
  ~BatchScheduler();  // As Drain(absl::InfinitePast()).
  BatchScheduler(const BatchScheduler&) = delete;
  BatchScheduler& operator=(const BatchScheduler&) = delete;

  // Queues all of `tasks` (the parts of one request), or none. Never waits for a device. An empty
  // queue takes any one request, so that none is refused for good.
  //   OK                  each task's `done` runs exactly once, on the completion thread.
  //   RESOURCE_EXHAUSTED  too many tokens queued; retry with backoff.
  //   UNAVAILABLE         draining; retry on another server.
  // On any error no `done` runs.
  absl::Status Schedule(std::vector<ScoreTask> tasks) ABSL_LOCKS_EXCLUDED(mu_);

  // Takes no more tasks, answers every one taken, and joins the threads. Batches that would form
  // after `deadline` are answered UNAVAILABLE instead of run; a forward pass that has begun is
  // waited for. Later calls do nothing.
  void Drain(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu_);

  SchedulerState state() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Completion {
    ScoreTask task;
    absl::StatusOr<TaskScores> result;
  };

  void RunWorker(Scorer* scorer) ABSL_LOCKS_EXCLUDED(mu_);
  void RunCompletions() ABSL_LOCKS_EXCLUDED(mu_);
  void ScoreAndComplete(Scorer* scorer, std::vector<ScoreTask> batch) ABSL_LOCKS_EXCLUDED(mu_);

  // Answers every queued task that must not run any more.
  void DropDeadTasks() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<ScoreTask> TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Complete(ScoreTask task, absl::StatusOr<TaskScores> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const BatchSchedulerOptions options_;
  Clock* const clock_;  // Borrowed.

  mutable Mutex mu_;
  CondVar work_;         // queue_ or draining_ changed.
  CondVar completions_;  // completed_ or workers_gone_ changed.
  // Oldest first. Invariant: queued_tokens_ == sum of CostOf(queue_[i].group).tokens.
  std::deque<ScoreTask> queue_ ABSL_GUARDED_BY(mu_);
  int64_t queued_tokens_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<Completion> completed_ ABSL_GUARDED_BY(mu_);
  bool draining_ ABSL_GUARDED_BY(mu_) = false;      // False, then true for good.
  bool workers_gone_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  absl::Time drain_deadline_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  SchedulerCounters counters_ ABSL_GUARDED_BY(mu_);

  // Last: start after the rest; joined by Drain().
  std::thread completion_thread_;
  std::vector<std::thread> workers_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_BATCH_SCHEDULER_H_
