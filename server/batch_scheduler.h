// server/batch_scheduler.h
// Runs what waits (work_queue.h, which makes the decisions) on the Scorers, one worker thread each.
// A batch runs as soon as a worker is free. There is no timer; a batch is what queued while the
// devices were busy, so it grows with the load by itself. Answers are given on a thread of their
// own, so that no device waits for a reply to be written. A worker whose device failed for good
// takes no more batches; its tasks go to another worker, once.
#ifndef ASSAY_SERVER_BATCH_SCHEDULER_H_
#define ASSAY_SERVER_BATCH_SCHEDULER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/scorer.h"
#include "server/observer.h"
#include "server/refusal.h"
#include "server/score_task.h"
#include "server/server_state.h"
#include "server/work_queue.h"

namespace assay {

struct BatchSchedulerOptions {
  WorkQueueOptions queue = {};  // Its `workers` is the number of scorers, whatever it says.
  // A forward pass that takes longer makes its worker count as stuck. > 0.
  absl::Duration stuck_after = absl::Seconds(120);
  Observer* observer = Observer::Silent();  // Borrowed.
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

  // Whether a request of one token would be taken on now; see Schedule().
  Admission Check(const Flow& flow, absl::Time deadline, OnFull on_full) ABSL_LOCKS_EXCLUDED(mu_);

  // Queues all of `tasks` (the parts of one request, of one flow), or none. Never waits for a
  // device.
  //   OK                  each task's `done` runs exactly once, on the completion thread.
  //   RESOURCE_EXHAUSTED  see WorkQueue::Check().
  //   UNAVAILABLE         draining, or no device is left; retry on another server.
  // On any error no `done` runs.
  Admission Schedule(std::vector<ScoreTask> tasks, absl::Time deadline, OnFull on_full)
      ABSL_LOCKS_EXCLUDED(mu_);

  // True where a request of `tenant` finds room. Else `on_change` runs once, on another thread,
  // when that may have changed, which includes that the scheduler drains.
  bool HasRoomOrTell(const std::string& tenant, std::function<void()> on_change)
      ABSL_LOCKS_EXCLUDED(mu_);

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
  struct Worker {
    Scorer* scorer;  // Borrowed. Called by its own thread alone.
    std::string device;
    WorkerCondition condition = WorkerCondition::kIdle;  // Never kStuck: that is told by the clock.
    absl::Time since;
    int64_t batches = 0;
  };

  void RunWorker(size_t index) ABSL_LOCKS_EXCLUDED(mu_);
  void RunCompletions() ABSL_LOCKS_EXCLUDED(mu_);
  // False when the worker's device failed for good.
  bool RunPass(size_t index, WorkQueue::Batch batch) ABSL_LOCKS_EXCLUDED(mu_);

  // The next batch for a worker; empty when there is nothing left to do, ever.
  WorkQueue::Batch AwaitBatch(size_t index) ABSL_LOCKS_EXCLUDED(mu_);
  void GiveBack(std::vector<ScoreTask> tasks, const absl::Status& device)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SetCondition(size_t index, WorkerCondition condition, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Count(const BatchRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool AllBroken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Why no request is taken, whatever the queue holds; OK otherwise.
  Admission CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Admission CheckLocked(const Flow& flow, int64_t tokens, absl::Time deadline, OnFull on_full)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Answer(std::vector<WorkQueue::Dropped> dropped) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Complete(ScoreTask task, absl::StatusOr<TaskScores> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const BatchSchedulerOptions options_;
  Clock* const clock_;        // Borrowed.
  Observer* const observer_;  // Borrowed.

  mutable Mutex mu_;
  CondVar work_;         // queue_, draining_ or a worker's condition changed.
  CondVar completions_;  // completed_, waiting_for_room_ or workers_gone_ changed.
  WorkQueue queue_ ABSL_GUARDED_BY(mu_);
  std::vector<Worker> workers_ ABSL_GUARDED_BY(mu_);
  std::deque<Completion> completed_ ABSL_GUARDED_BY(mu_);
  std::vector<std::function<void()>> waiting_for_room_ ABSL_GUARDED_BY(mu_);
  bool room_changed_ ABSL_GUARDED_BY(mu_) = false;  // Those above are to be told.
  bool draining_ ABSL_GUARDED_BY(mu_) = false;      // False, then true for good.
  bool workers_gone_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  absl::Time drain_deadline_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  SchedulerCounters counters_ ABSL_GUARDED_BY(mu_);

  // Last: start after the rest; joined by Drain().
  std::thread completion_thread_;
  std::vector<std::thread> threads_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_BATCH_SCHEDULER_H_
