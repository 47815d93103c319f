#include "server/batch_scheduler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/batch_runner.h"

namespace assay {
namespace {

// A task is tried again when its device fails for good, but only once: it may be the reason.
constexpr int kMostDevicesBroken = 2;

WorkQueueOptions QueueOptions(WorkQueueOptions options, size_t workers) {
  options.workers = static_cast<int>(workers);
  return options;
}

absl::Status NoDeviceLeft() {
  return absl::UnavailableError("every device of this server failed; retry on another server");
}

}  // namespace

BatchScheduler::BatchScheduler(const BatchSchedulerOptions& options, Clock* clock,
                               std::vector<Scorer*> scorers)
    : options_(options),
      clock_(clock),
      observer_(options.observer),
      queue_(QueueOptions(options.queue, scorers.size())),
      completion_thread_([this] { RunCompletions(); }) {
  // Made before the workers log: spdlog makes its registry in the first call, out of
  // ThreadSanitizer's sight.
  spdlog::default_logger_raw();
  {
    MutexLock lock(&mu_);
    for (Scorer* scorer : scorers) {
      workers_.push_back(
          {.scorer = scorer, .device = scorer->info().device, .since = clock_->Now()});
    }
  }
  threads_.reserve(scorers.size());
  for (size_t i = 0; i < scorers.size(); ++i) threads_.emplace_back([this, i] { RunWorker(i); });
}

BatchScheduler::~BatchScheduler() { Drain(absl::InfinitePast()); }

Admission BatchScheduler::Check(const Flow& flow, absl::Time deadline, OnFull on_full) {
  MutexLock lock(&mu_);
  return CheckLocked(flow, 1, deadline, on_full);
}

Admission BatchScheduler::Schedule(std::vector<ScoreTask> tasks, absl::Time deadline,
                                   OnFull on_full) {
  int64_t tokens = 0;
  for (const ScoreTask& task : tasks) tokens += CostOf(task.group).tokens;
  MutexLock lock(&mu_);
  if (tasks.empty()) return {};
  Admission admission = CheckLocked(tasks.front().flow, tokens, deadline, on_full);
  if (!admission.status.ok()) return admission;
  for (ScoreTask& task : tasks) queue_.Push(std::move(task));
  work_.notify_all();
  return admission;
}

bool BatchScheduler::HasRoomOrTell(const std::string& tenant, std::function<void()> on_change) {
  MutexLock lock(&mu_);
  if (draining_ || AllBroken() || queue_.HasRoom(tenant)) return true;
  waiting_for_room_.push_back(std::move(on_change));
  return false;
}

void BatchScheduler::Drain(absl::Time deadline) {
  {
    MutexLock lock(&mu_);
    if (draining_) return;
    draining_ = true;
    drain_deadline_ = deadline;
    room_changed_ = true;
    work_.notify_all();
    completions_.notify_one();
  }
  for (std::thread& thread : threads_) thread.join();
  {
    MutexLock lock(&mu_);
    workers_gone_ = true;
    completions_.notify_all();
  }
  completion_thread_.join();
}

SchedulerState BatchScheduler::state() const {
  const absl::Time now = clock_->Now();
  MutexLock lock(&mu_);
  SchedulerState state = {.counters = counters_,
                          .queued_tokens = queue_.queued_tokens(),
                          .queued_tasks = queue_.queued_tasks(),
                          .tokens_per_second = queue_.tokens_per_second(),
                          .predicted_wait = queue_.PredictedWait(now)};
  for (const Worker& worker : workers_) {
    const absl::Duration since = now - worker.since;
    const bool stuck =
        worker.condition == WorkerCondition::kRunning && since > options_.stuck_after;
    state.workers.push_back({.device = worker.device,
                             .condition = stuck ? WorkerCondition::kStuck : worker.condition,
                             .since = since,
                             .batches = worker.batches});
  }
  return state;
}

void BatchScheduler::RunWorker(size_t index) {
  while (true) {
    WorkQueue::Batch batch = AwaitBatch(index);
    if (batch.tasks.empty() || !RunPass(index, std::move(batch))) return;
  }
}

WorkQueue::Batch BatchScheduler::AwaitBatch(size_t index) {
  MutexLock lock(&mu_);
  while (true) {
    while (queue_.empty() && !draining_) work_.wait(mu_);
    if (queue_.empty()) return {};
    const absl::Time now = clock_->Now();
    std::vector<WorkQueue::Dropped> dropped;
    if (drain_deadline_ <= now) {
      queue_.DropAll(absl::UnavailableError("the server stopped before the request's turn came"),
                     &dropped);
    }
    WorkQueue::Batch batch = queue_.BeginPass(now, &dropped);
    Answer(std::move(dropped));
    if (!waiting_for_room_.empty()) {
      room_changed_ = true;
      completions_.notify_one();
    }
    if (batch.tasks.empty()) continue;
    SetCondition(index, WorkerCondition::kRunning, now);
    return batch;
  }
}

bool BatchScheduler::RunPass(size_t index, WorkQueue::Batch batch) {
  Scorer* scorer;
  std::string device;
  {
    MutexLock lock(&mu_);
    scorer = workers_[index].scorer;
    device = workers_[index].device;
  }
  std::vector<PromptGroup> groups;
  groups.reserve(batch.tasks.size());
  for (ScoreTask& task : batch.tasks) groups.push_back(std::move(task.group));
  BatchRecord record = {.device = device,
                        .began = clock_->Now(),
                        .groups = static_cast<int64_t>(groups.size()),
                        .computed_tokens = batch.tokens};
  BatchOutcome outcome = RunBatch(*scorer, groups);
  const absl::Time ended = clock_->Now();
  record.forward = ended - record.began;
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t j = 0; j < groups[i].responses.size(); ++j) {
      record.responses += 1;
      if (outcome.results[i][j].ok()) {
        record.input_tokens += groups[i].InputTokens(groups[i].responses[j]);
      } else {
        record.failed += 1;
      }
    }
  }
  spdlog::debug("batch on {}: {} groups, {} responses, {} failed, {} tokens, {:.1f} ms", device,
                record.groups, record.responses, record.failed, record.computed_tokens,
                absl::ToDoubleMilliseconds(record.forward));
  observer_->OnBatch(record);

  MutexLock lock(&mu_);
  queue_.EndPass(batch.pass, ended, record.failed == record.responses ? 0 : batch.tokens);
  Count(record);
  workers_[index].batches += 1;
  if (!outcome.device.ok()) {
    SetCondition(index, WorkerCondition::kBroken, ended);
    for (size_t i = 0; i < groups.size(); ++i) batch.tasks[i].group = std::move(groups[i]);
    GiveBack(std::move(batch.tasks), outcome.device);
    return false;
  }
  SetCondition(index, WorkerCondition::kIdle, ended);
  for (size_t i = 0; i < groups.size(); ++i) {
    Complete(std::move(batch.tasks[i]), TaskScores{.scores = std::move(outcome.results[i]),
                                                   .forward_began = record.began,
                                                   .forward = record.forward});
  }
  return true;
}

void BatchScheduler::GiveBack(std::vector<ScoreTask> tasks, const absl::Status& device) {
  spdlog::error("a device failed for good, {} workers are left: {}",
                std::count_if(workers_.begin(), workers_.end(),
                              [](const Worker& worker) {
                                return worker.condition != WorkerCondition::kBroken;
                              }),
                std::string(device.message()));
  for (auto task = tasks.rbegin(); task != tasks.rend(); ++task) {
    if (++task->devices_broken < kMostDevicesBroken) {
      queue_.PushFront(std::move(*task));
    } else {
      Complete(std::move(*task),
               absl::InternalError("two devices failed while they scored this request"));
    }
  }
  if (AllBroken()) {
    std::vector<WorkQueue::Dropped> dropped;
    queue_.DropAll(NoDeviceLeft(), &dropped);
    Answer(std::move(dropped));
    room_changed_ = true;
    completions_.notify_one();
  }
  work_.notify_all();
}

void BatchScheduler::RunCompletions() {
  while (true) {
    std::deque<Completion> ready;
    std::vector<std::function<void()>> to_tell;
    {
      MutexLock lock(&mu_);
      while (completed_.empty() && !room_changed_ && !workers_gone_) completions_.wait(mu_);
      if (completed_.empty() && !room_changed_) return;
      ready.swap(completed_);
      if (room_changed_) to_tell.swap(waiting_for_room_);
      room_changed_ = false;
    }
    for (Completion& completion : ready) {
      std::move(completion.task.done)(std::move(completion.result));
    }
    for (const std::function<void()>& tell : to_tell) tell();
  }
}

void BatchScheduler::SetCondition(size_t index, WorkerCondition condition, absl::Time now) {
  workers_[index].condition = condition;
  workers_[index].since = now;
}

void BatchScheduler::Count(const BatchRecord& record) {
  counters_.batches += 1;
  counters_.batched_groups += record.groups;
  counters_.batched_responses += record.responses;
  counters_.max_batch_groups = std::max(counters_.max_batch_groups, record.groups);
  counters_.responses += record.responses - record.failed;
  counters_.input_tokens += record.input_tokens;
  counters_.computed_tokens += record.computed_tokens;
  counters_.forward += record.forward;
}

bool BatchScheduler::AllBroken() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.condition == WorkerCondition::kBroken;
  });
}

Admission BatchScheduler::CheckOpen() const {
  if (draining_) return {absl::UnavailableError("the server is stopping"), Refusal::kStopping};
  if (AllBroken()) return {NoDeviceLeft(), Refusal::kUnhealthy};
  return {};
}

Admission BatchScheduler::CheckLocked(const Flow& flow, int64_t tokens, absl::Time deadline,
                                      OnFull on_full) {
  Admission admission = CheckOpen();
  if (!admission.status.ok()) return admission;
  const absl::Time now = clock_->Now();
  admission = queue_.Check(now, flow, tokens, deadline, on_full);
  if (admission.status.ok()) return admission;
  // There may be room once what nobody waits for is gone.
  std::vector<WorkQueue::Dropped> dropped;
  queue_.Sweep(now, &dropped);
  if (dropped.empty()) return admission;
  Answer(std::move(dropped));
  return queue_.Check(now, flow, tokens, deadline, on_full);
}

void BatchScheduler::Answer(std::vector<WorkQueue::Dropped> dropped) {
  for (WorkQueue::Dropped& each : dropped) {
    if (absl::IsDeadlineExceeded(each.why)) observer_->OnDeadlineMissed(DeadlineStage::kQueue);
    Complete(std::move(each.task), std::move(each.why));
  }
}

void BatchScheduler::Complete(ScoreTask task, absl::StatusOr<TaskScores> result) {
  completed_.push_back({std::move(task), std::move(result)});
  completions_.notify_one();
}

}  // namespace assay
