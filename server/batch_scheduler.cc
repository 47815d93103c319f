#include "server/batch_scheduler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/batch_runner.h"

namespace assay {

BatchScheduler::BatchScheduler(const BatchSchedulerOptions& options, Clock* clock,
                               std::vector<Scorer*> scorers)
    : options_(options), clock_(clock), completion_thread_([this] { RunCompletions(); }) {
  // Made before the workers log: spdlog makes its registry in the first call, out of ThreadSanitizer's sight.
  spdlog::default_logger_raw();
  workers_.reserve(scorers.size());
  for (Scorer* scorer : scorers) workers_.emplace_back([this, scorer] { RunWorker(scorer); });
}

BatchScheduler::~BatchScheduler() { Drain(absl::InfinitePast()); }

absl::Status BatchScheduler::Schedule(std::vector<ScoreTask> tasks) {
  int64_t tokens = 0;
  for (const ScoreTask& task : tasks) tokens += CostOf(task.group).tokens;
  MutexLock lock(&mu_);
  if (draining_) return absl::UnavailableError("the server is stopping");
  if (queued_tokens_ + tokens > options_.max_queued_tokens) DropDeadTasks();
  if (!queue_.empty() && queued_tokens_ + tokens > options_.max_queued_tokens) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: ", queued_tokens_, " tokens wait, ", tokens,
                     " more would pass the limit of ", options_.max_queued_tokens));
  }
  queued_tokens_ += tokens;
  std::move(tasks.begin(), tasks.end(), std::back_inserter(queue_));
  work_.notify_all();
  return absl::OkStatus();
}

void BatchScheduler::Drain(absl::Time deadline) {
  {
    MutexLock lock(&mu_);
    if (draining_) return;
    draining_ = true;
    drain_deadline_ = deadline;
    work_.notify_all();
  }
  for (std::thread& worker : workers_) worker.join();
  {
    MutexLock lock(&mu_);
    workers_gone_ = true;
    completions_.notify_all();
  }
  completion_thread_.join();
}

SchedulerState BatchScheduler::state() const {
  MutexLock lock(&mu_);
  return {.counters = counters_,
          .queued_tokens = queued_tokens_,
          .queued_tasks = static_cast<int64_t>(queue_.size())};
}

void BatchScheduler::RunWorker(Scorer* scorer) {
  while (true) {
    std::vector<ScoreTask> batch;
    {
      MutexLock lock(&mu_);
      while (queue_.empty() && !draining_) work_.wait(mu_);
      if (queue_.empty()) return;
      DropDeadTasks();
      batch = TakeBatch();
    }
    if (!batch.empty()) ScoreAndComplete(scorer, std::move(batch));
  }
}

void BatchScheduler::RunCompletions() {
  while (true) {
    std::deque<Completion> ready;
    {
      MutexLock lock(&mu_);
      while (completed_.empty() && !workers_gone_) completions_.wait(mu_);
      if (completed_.empty()) return;
      ready.swap(completed_);
    }
    for (Completion& completion : ready) {
      std::move(completion.task.done)(std::move(completion.result));
    }
  }
}

void BatchScheduler::ScoreAndComplete(Scorer* scorer, std::vector<ScoreTask> batch) {
  std::vector<PromptGroup> groups;
  groups.reserve(batch.size());
  int64_t responses = 0;
  int64_t computed_tokens = 0;
  for (ScoreTask& task : batch) {
    responses += static_cast<int64_t>(task.group.responses.size());
    computed_tokens += CostOf(task.group).tokens;
    groups.push_back(std::move(task.group));
  }
  const absl::Time began = clock_->Now();
  std::vector<std::vector<absl::StatusOr<RewardScore>>> results = RunBatch(*scorer, groups);
  const absl::Duration forward = clock_->Now() - began;
  spdlog::debug("batch: {} groups, {} responses, {} tokens, {:.1f} ms", groups.size(), responses,
                computed_tokens, absl::ToDoubleMilliseconds(forward));

  MutexLock lock(&mu_);
  counters_.batches += 1;
  counters_.batched_groups += static_cast<int64_t>(groups.size());
  counters_.batched_responses += responses;
  counters_.max_batch_groups =
      std::max(counters_.max_batch_groups, static_cast<int64_t>(groups.size()));
  counters_.computed_tokens += computed_tokens;
  counters_.forward += forward;
  for (size_t i = 0; i < batch.size(); ++i) {
    for (size_t j = 0; j < results[i].size(); ++j) {
      if (!results[i][j].ok()) continue;
      counters_.responses += 1;
      counters_.input_tokens += groups[i].InputTokens(groups[i].responses[j]);
    }
    Complete(
        std::move(batch[i]),
        TaskScores{.scores = std::move(results[i]), .forward_began = began, .forward = forward});
  }
}

void BatchScheduler::DropDeadTasks() {
  const absl::Time now = clock_->Now();
  std::deque<ScoreTask> alive;
  for (ScoreTask& task : queue_) {
    absl::Status dead;
    if (task.cancelled != nullptr && task.cancelled->load(std::memory_order_relaxed)) {
      dead = absl::CancelledError("the caller went away while the request was queued");
    } else if (task.deadline <= now) {
      dead = absl::DeadlineExceededError("the deadline passed while the request was queued");
    } else if (draining_ && drain_deadline_ <= now) {
      dead = absl::UnavailableError("the server stopped before the request's turn came");
    }
    if (dead.ok()) {
      alive.push_back(std::move(task));
    } else {
      queued_tokens_ -= CostOf(task.group).tokens;
      Complete(std::move(task), std::move(dead));
    }
  }
  queue_ = std::move(alive);
}

std::vector<ScoreTask> BatchScheduler::TakeBatch() {
  std::vector<TaskCost> costs;
  costs.reserve(queue_.size());
  for (const ScoreTask& task : queue_) costs.push_back(CostOf(task.group));
  const size_t count = SelectBatch(costs, options_.budget);
  std::vector<ScoreTask> batch;
  batch.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    queued_tokens_ -= costs[i].tokens;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void BatchScheduler::Complete(ScoreTask task, absl::StatusOr<TaskScores> result) {
  completed_.push_back({std::move(task), std::move(result)});
  completions_.notify_one();
}

}  // namespace assay
