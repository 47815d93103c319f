#include "server/work_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"

namespace assay {
namespace {

using Verdict = FairQueue<ScoreTask>::Verdict;

// A request is taken on when it would be in time even if all took so much longer: without it every
// request of an overload is predicted to end at its deadline, and a trifle makes them all miss.
constexpr double kPredictionMargin = 1.1;

absl::Status CheckWanted(const ScoreTask& task, absl::Time now) {
  return task.interest == nullptr ? absl::OkStatus() : task.interest->Check(now);
}

}  // namespace

WorkQueue::WorkQueue(const WorkQueueOptions& options)
    : options_(options), rate_(options.initial_tokens_per_second) {}

Admission WorkQueue::Check(absl::Time now, const Flow& flow, int64_t tokens, absl::Time deadline,
                           OnFull on_full) const {
  if (on_full == OnFull::kRefuse &&
      queue_.IsFullFor(flow.tenant, tokens, options_.max_queued_tokens)) {
    const double over = static_cast<double>(queue_.cost() + tokens - options_.max_queued_tokens);
    const double batch = static_cast<double>(std::min(options_.budget.max_tokens, queue_.cost()));
    return {WithRetryAfter(absl::ResourceExhaustedError(absl::StrCat(
                               "the queue is full: ", queue_.cost(), " tokens wait, ", tokens,
                               " more would pass the limit of ", options_.max_queued_tokens)),
                           TimeFor(std::max(over, batch))),
            Refusal::kQueueFull};
  }
  if (!options_.predict_deadlines || deadline == absl::InfiniteFuture()) return {};
  if (queue_.empty() && running_.size() < static_cast<size_t>(options_.workers)) return {};
  const absl::Time answered = PredictAnswer(now, flow, tokens);
  if (answered <= deadline) return {};
  return {
      WithRetryAfter(absl::ResourceExhaustedError(absl::StrCat(
                         "too much is queued for this deadline: the answer would be ready in ",
                         absl::FormatDuration(absl::Ceil(answered - now, absl::Milliseconds(1))),
                         ", the deadline is in ",
                         absl::FormatDuration(absl::Floor(deadline - now, absl::Milliseconds(1))))),
                     std::min(answered - deadline + absl::Milliseconds(1), absl::Minutes(1))),
      Refusal::kTooSlow};
}

void WorkQueue::Push(ScoreTask task) {
  const Flow flow = task.flow;
  const int64_t tokens = CostOf(task.group).tokens;
  queue_.Push(flow, tokens, std::move(task));
}

void WorkQueue::PushFront(ScoreTask task) {
  const Flow flow = task.flow;
  const int64_t tokens = CostOf(task.group).tokens;
  queue_.PushFront(flow, tokens, std::move(task));
}

bool WorkQueue::HasRoom(const std::string& tenant) const {
  return !queue_.IsFullFor(tenant, 1, options_.max_queued_tokens);
}

WorkQueue::Batch WorkQueue::BeginPass(absl::Time now, std::vector<Dropped>* dropped) {
  Sweep(now, dropped);
  Batch batch;
  absl::Status unwanted;
  absl::Time first_due = absl::InfiniteFuture();
  queue_.TakeRound(
      [&](ScoreTask& task, int64_t tokens) {
        unwanted = CheckWorth(task, batch.tokens + tokens, now);
        if (!unwanted.ok()) return Verdict::kDrop;
        if (!FitsBatch(batch.tokens, tokens, options_.budget)) return Verdict::kPass;
        // All are answered when their batch is: one more must not make those in it late.
        const absl::Time answered = EndOfPass(batch.tokens + tokens, kPredictionMargin, now);
        if (answered > first_due) return Verdict::kStop;
        first_due = std::min(first_due, DueOf(task));
        batch.tokens += tokens;
        return Verdict::kTake;
      },
      [&](ScoreTask task) {
        if (unwanted.ok()) return batch.tasks.push_back(std::move(task));
        dropped->push_back({std::move(task), unwanted});
      });
  if (batch.tasks.empty()) return batch;
  batch.pass = rate_.PassBegan(now);
  running_[batch.pass] = {.began = now, .tokens = batch.tokens};
  return batch;
}

void WorkQueue::EndPass(int64_t pass, absl::Time now, int64_t computed) {
  rate_.PassEnded(pass, now, computed);
  running_.erase(pass);
}

void WorkQueue::Sweep(absl::Time now, std::vector<Dropped>* dropped) {
  if (now < swept_at_ + kSweepEvery) return;
  swept_at_ = now;
  absl::Status why;
  queue_.RemoveIf(
      [&](ScoreTask& task) {
        why = CheckWanted(task, now);
        return !why.ok();
      },
      [&](ScoreTask task) {
        dropped->push_back({std::move(task), why});
      });
}

void WorkQueue::DropAll(const absl::Status& why, std::vector<Dropped>* dropped) {
  queue_.RemoveIf([](ScoreTask&) { return true; },
                  [&](ScoreTask task) {
                    dropped->push_back({std::move(task), why});
                  });
}

absl::Duration WorkQueue::PredictedWait(absl::Time now) const {
  const double rate = rate_.per_second();
  if (rate <= 0) return absl::ZeroDuration();
  return absl::Seconds((static_cast<double>(queue_.cost()) + RunningTokens(now)) / rate);
}

double WorkQueue::RunningTokens(absl::Time now) const {
  double tokens = 0;
  for (const auto& [id, pass] : running_) {
    const double pace = rate_.per_second() / static_cast<double>(running_.size());
    const double computed = absl::ToDoubleSeconds(now - pass.began) * pace;
    tokens += std::max(0.0, static_cast<double>(pass.tokens) - computed);
  }
  return tokens;
}

absl::Time WorkQueue::PredictAnswer(absl::Time now, const Flow& flow, int64_t tokens) const {
  const double rate = rate_.per_second();
  if (rate <= 0) return absl::InfinitePast();
  const double ahead = static_cast<double>(queue_.CostAheadOf(flow, tokens)) + RunningTokens(now);
  // It ends with its batch, not with itself: what comes after it in the queue fills that up.
  const double behind = static_cast<double>(queue_.cost()) - ahead;
  const double room = static_cast<double>(options_.budget.max_tokens - tokens);
  const double companions = std::clamp(behind, 0.0, std::max(room, 0.0));
  const double seconds = (ahead + companions + static_cast<double>(tokens)) / rate;
  return now + absl::Seconds(seconds * kPredictionMargin);
}

absl::Status WorkQueue::CheckWorth(const ScoreTask& task, int64_t batched, absl::Time now) const {
  if (absl::Status wanted = CheckWanted(task, now); !wanted.ok()) return wanted;
  if (queue_.size() == 1 || EndOfPass(batched, 1, now) <= DueOf(task)) return absl::OkStatus();
  return absl::DeadlineExceededError("the deadline would have passed before the answer was ready");
}

absl::Time WorkQueue::DueOf(const ScoreTask& task) const {
  if (task.interest == nullptr || !options_.predict_deadlines) return absl::InfiniteFuture();
  return task.interest->LatestDeadline();
}

absl::Time WorkQueue::EndOfPass(int64_t tokens, double margin, absl::Time now) const {
  const double rate = rate_.per_second();
  if (rate <= 0) return absl::InfinitePast();
  // The passes side by side share the devices.
  const double passes = static_cast<double>(running_.size() + 1);
  return now + absl::Seconds(static_cast<double>(tokens) * passes * margin / rate);
}

absl::Duration WorkQueue::TimeFor(double tokens) const {
  const double rate = rate_.per_second();
  if (rate <= 0) return absl::Seconds(1);
  return absl::Seconds(std::clamp(tokens / rate, 0.001, 60.0));
}

}  // namespace assay
