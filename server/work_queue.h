// server/work_queue.h
// What waits for the devices, and every decision about it: which requests are taken on, which tasks
// share the next forward pass, which are given up. Admission counts tokens, not requests, and
// predicts from the measured speed when a request would be answered. No clock, lock or thread:
// time is an argument, so that a million schedules can be tried in a minute.
#ifndef ASSAY_SERVER_WORK_QUEUE_H_
#define ASSAY_SERVER_WORK_QUEUE_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batch_policy.h"
#include "server/fair_queue.h"
#include "server/flow.h"
#include "server/refusal.h"
#include "server/score_task.h"
#include "server/token_rate.h"

namespace assay {

struct WorkQueueOptions {
  TokenBudget budget = {};
  // Admission limit in computed tokens. > 0.
  int64_t max_queued_tokens = int64_t{1} << 20;
  // Refuse what would be answered too late.
  bool predict_deadlines = true;
  // Of all devices together, until passes were measured; 0: not known.
  double initial_tokens_per_second = 0;
  int workers = 1;  // That take batches side by side. > 0.
};

// Not thread-safe: its owner's lock guards it. Times do not go back.
class WorkQueue {
 public:
  struct Dropped {
    ScoreTask task;
    absl::Status why;
  };
  struct Batch {
    std::vector<ScoreTask> tasks;  // Empty where nothing is left to run.
    int64_t tokens = 0;            // Computed tokens of the tasks.
    int64_t pass = 0;              // For EndPass(). No pass began where tasks is empty.
  };

  explicit WorkQueue(const WorkQueueOptions& options);

  // Whether a request of `tokens` computed tokens may be queued; queues nothing. Both errors say
  // when to try again (RetryAfter()).
  //   RESOURCE_EXHAUSTED  kQueueFull: see FairQueue::IsFullFor().
  //   RESOURCE_EXHAUSTED  kTooSlow: it would be answered after `deadline`, or so shortly before it
  //                       that a prediction too good by a tenth would make it miss. Never said by an
  //                       idle server, so that a measurement that went wrong is replaced.
  Admission Check(absl::Time now, const Flow& flow, int64_t tokens, absl::Time deadline,
                  OnFull on_full) const;

  // Queues a task that was admitted, by its own flow.
  void Push(ScoreTask task);
  // As Push(), but ahead of its flow: for a task whose device broke.
  void PushFront(ScoreTask task);

  // Whether requests of `tenant` find room.
  bool HasRoom(const std::string& tenant) const;

  // The next batch: tasks in fair order, within the budget, at least one where there is one. Tasks
  // that nobody waits for go to `dropped`, and with predict_deadlines those that would be answered
  // too late, unless nothing else is queued: device time is for what can be in time. With it a batch
  // ends, too, before the task that would make one in it late: a pass may take a good part of a deadline.
  Batch BeginPass(absl::Time now, std::vector<Dropped>* dropped);
  // `computed` as TokenRate::PassEnded() takes it.
  void EndPass(int64_t pass, absl::Time now, int64_t computed);

  // Gives up every task that nobody waits for, at most once in kSweepEvery: it looks at all.
  void Sweep(absl::Time now, std::vector<Dropped>* dropped);
  static constexpr absl::Duration kSweepEvery = absl::Milliseconds(50);
  // Gives up every task.
  void DropAll(const absl::Status& why, std::vector<Dropped>* dropped);

  bool empty() const { return queue_.empty(); }
  int64_t queued_tasks() const { return static_cast<int64_t>(queue_.size()); }
  int64_t queued_tokens() const { return queue_.cost(); }
  double tokens_per_second() const { return rate_.per_second(); }
  // How long what is queued and running takes; zero where the speed is not known.
  absl::Duration PredictedWait(absl::Time now) const;

 private:
  struct Pass {
    absl::Time began;
    int64_t tokens;
  };

  // Tokens of running passes that are not computed yet, by the measured speed.
  double RunningTokens(absl::Time now) const;
  // When a request would be answered; infinite past where the speed is not known.
  absl::Time PredictAnswer(absl::Time now, const Flow& flow, int64_t tokens) const;
  // Why a task is not worth a place in a batch that would hold `batched` tokens with it; OK: it is.
  absl::Status CheckWorth(const ScoreTask& task, int64_t batched, absl::Time now) const;
  // When the last who waits for it gives up; infinite future where predictions are off.
  absl::Time DueOf(const ScoreTask& task) const;
  // When a pass of `tokens` that begins now ends, if it takes `margin` times as long as the measured
  // speed says; infinite past where that is not known.
  absl::Time EndOfPass(int64_t tokens, double margin, absl::Time now) const;
  // What `tokens` take, at least 1 ms and at most a minute; a second where the speed is not known.
  absl::Duration TimeFor(double tokens) const;

  const WorkQueueOptions options_;
  FairQueue<ScoreTask> queue_;
  TokenRate rate_;
  std::map<int64_t, Pass> running_;
  absl::Time swept_at_ = absl::InfinitePast();
};

}  // namespace assay

#endif  // ASSAY_SERVER_WORK_QUEUE_H_
