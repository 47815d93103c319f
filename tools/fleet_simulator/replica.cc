#include "tools/fleet_simulator/replica.h"

#include <algorithm>
#include <utility>

#include "base/retry_after.h"
#include "server/batch_policy.h"

namespace assay::fleet {
namespace {

WorkQueueOptions QueueOptions(const ReplicaOptions& options) {
  WorkQueueOptions queue = options.queue;
  queue.workers = options.device.workers;
  // What the warm-up measures, with the largest batch on all workers.
  const double batch = static_cast<double>(queue.budget.max_tokens);
  const double pass = batch / options.device.tokens_per_second;
  const double overhead = absl::ToDoubleSeconds(options.device.pass_overhead);
  queue.initial_tokens_per_second =
      batch / (options.device.kind == DeviceKind::kPipelined ? std::max(pass, overhead)
               : options.device.kind == DeviceKind::kShared  ? pass + overhead
                                                             : pass + overhead / queue.workers);
  return queue;
}

// Token ids do not matter, their number does. A group that needs no splitting has all of them in its
// prefix but one, so that it is one allocation.
std::vector<PromptGroup> GroupsOf(const GroupRequest& request, const TokenBudget& budget) {
  PromptGroup group;
  const int64_t tokens = request.computed_tokens();
  if (tokens <= budget.max_tokens) {
    group.prefix.resize(tokens - 1);
    group.responses.push_back({.tokens = TokenIds(1)});
  } else {
    group.prefix.resize(request.prompt_tokens);
    for (const int64_t own : request.response_tokens) {
      group.responses.push_back({.tokens = TokenIds(own)});
    }
  }
  return SplitGroup(std::move(group), budget);
}

}  // namespace

struct Replica::Job {
  GroupRequest request;
  Waiter waiter;
  Answer answer;
  size_t parts = 0;  // Not scored yet.
};

Replica::Replica(const ReplicaOptions& options, EventQueue* events)
    : options_(options),
      events_(events),
      free_encoders_(options.encoder_threads),
      queue_(QueueOptions(options)),
      device_(options.device) {}

void Replica::Submit(const GroupRequest& request, Waiter waiter, Answer answer) {
  if (broken_) return answer(absl::UnavailableError("the replica is gone"));
  if (absl::Status gone = waiter.Check(events_->now(), "before the request was encoded");
      !gone.ok()) {
    return answer(std::move(gone));
  }
  if (Admission arrival = Check(request.flow, 1, waiter.deadline); !arrival.status.ok()) {
    return answer(std::move(arrival.status));
  }
  const double text = static_cast<double>(request.computed_tokens()) * options_.bytes_per_token;
  const int64_t bytes = 1024 + static_cast<int64_t>(text);
  if (waiting_.IsFullFor(request.flow.tenant, bytes, options_.max_waiting_bytes)) {
    ++counts_.refused;
    return answer(WithRetryAfter(absl::ResourceExhaustedError("too much text waits"),
                                 absl::Milliseconds(100)));
  }
  ++open_;
  waiting_.Push(request.flow, bytes,
                std::make_shared<Job>(Job{request, std::move(waiter), std::move(answer)}));
  Encode();
}

void Replica::Break() {
  broken_ = true;
  const absl::Status why = absl::UnavailableError("the replica broke");
  std::vector<WorkQueue::Dropped> dropped;
  queue_.DropAll(why, &dropped);
  Drop(std::move(dropped));
  while (!waiting_.empty()) {
    waiting_.TakeOne([&](const std::shared_ptr<Job>& job) { Finish(*job, why); });
  }
  for (auto& [pass, batch] : std::exchange(running_, {})) {
    for (ScoreTask& task : batch.tasks) std::move(task.done)(why);
  }
}

Admission Replica::Check(const Flow& flow, int64_t tokens, absl::Time deadline) {
  const absl::Time now = events_->now();
  Admission admission = queue_.Check(now, flow, tokens, deadline, OnFull::kRefuse);
  if (!admission.status.ok()) {
    std::vector<WorkQueue::Dropped> dropped;
    queue_.Sweep(now, &dropped);
    if (!dropped.empty()) {
      Drop(std::move(dropped));
      admission = queue_.Check(now, flow, tokens, deadline, OnFull::kRefuse);
    }
  }
  if (!admission.status.ok()) ++counts_.refused;
  return admission;
}

void Replica::Encode() {
  while (free_encoders_ > 0 && !waiting_.empty()) {
    std::shared_ptr<Job> job;
    waiting_.TakeOne([&job](std::shared_ptr<Job> taken) { job = std::move(taken); });
    if (absl::Status gone = job->waiter.Check(events_->now(), "before the request was encoded");
        !gone.ok()) {
      Finish(*job, std::move(gone));
      continue;
    }
    --free_encoders_;
    const double tokens = static_cast<double>(job->request.computed_tokens());
    events_->After(
        options_.encode_request + absl::Seconds(tokens / options_.encode_tokens_per_second),
        [this, job = std::move(job)] {
          ++free_encoders_;
          Schedule(job);
          Encode();
        });
  }
}

void Replica::Schedule(const std::shared_ptr<Job>& job) {
  if (broken_) return Finish(*job, absl::UnavailableError("the replica broke"));
  const Flow& flow = job->request.flow;
  std::vector<PromptGroup> groups = GroupsOf(job->request, options_.queue.budget);
  int64_t tokens = 0;
  for (const PromptGroup& group : groups) tokens += group.ComputedTokens();
  if (Admission admission = Check(flow, tokens, job->waiter.deadline); !admission.status.ok()) {
    return Finish(*job, std::move(admission.status));
  }
  job->parts = groups.size();
  for (PromptGroup& group : groups) {
    queue_.Push({.group = std::move(group),
                 .flow = flow,
                 .interest = std::make_shared<TaskInterest>(job->waiter),
                 .done = [this, job](const absl::StatusOr<TaskScores>& scores) {
                   if (!scores.ok()) return Finish(*job, scores.status());
                   if (--job->parts > 0) return;
                   Finish(*job, job->waiter.Check(events_->now(), "before the reply was ready"));
                 }});
  }
  BeginPasses();
}

void Replica::BeginPasses() {
  while (device_.has_free_worker() && !queue_.empty()) {
    std::vector<WorkQueue::Dropped> dropped;
    WorkQueue::Batch batch = queue_.BeginPass(events_->now(), &dropped);
    if (!batch.tasks.empty()) {
      device_.Begin(batch.pass, batch.tokens, events_->now());
      // The device holds the tokens now; nothing here looks at them again.
      for (ScoreTask& task : batch.tasks) task.group = {};
      const int64_t pass = batch.pass;
      running_.emplace(pass, std::move(batch));
    }
    Drop(std::move(dropped));
  }
  AwaitPassEnd();
}

void Replica::AwaitPassEnd() {
  const absl::Time end = device_.NextEnd();
  if (end == absl::InfiniteFuture() || end == awaited_end_) return;
  awaited_end_ = end;
  events_->At(end, [this, number = ++awaited_] {
    if (number == awaited_ && !broken_) EndPasses();
  });
}

void Replica::EndPasses() {
  awaited_end_ = absl::InfinitePast();
  for (const int64_t pass : device_.TakeEnded(events_->now())) {
    WorkQueue::Batch batch = std::move(running_.extract(pass).mapped());
    queue_.EndPass(pass, events_->now(), batch.tokens);
    counts_.passes += 1;
    counts_.computed_tokens += batch.tokens;
    for (ScoreTask& task : batch.tasks) std::move(task.done)(TaskScores{});
  }
  BeginPasses();
}

void Replica::Drop(std::vector<WorkQueue::Dropped> dropped) {
  for (WorkQueue::Dropped& each : dropped) std::move(each.task.done)(std::move(each.why));
}

void Replica::Finish(Job& job, absl::Status status) {
  // Of a request in parts the first that fails answers it.
  if (job.answer == nullptr) return;
  --open_;
  std::exchange(job.answer, nullptr)(std::move(status));
}

}  // namespace assay::fleet
