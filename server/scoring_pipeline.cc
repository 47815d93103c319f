#include "server/scoring_pipeline.h"

#include <atomic>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/batch_policy.h"
#include "server/result_gatherer.h"

namespace assay {
namespace {

int64_t WaitingBytes(const PipelineRequest& request) {
  int64_t bytes = 1024;
  for (const Message& message : request.prompt) {
    bytes += static_cast<int64_t>(message.role.size() + message.content.size());
  }
  for (const std::string& response : request.responses) {
    bytes += static_cast<int64_t>(response.size());
  }
  return bytes;
}

}  // namespace

ScoringPipeline::ScoringPipeline(const PipelineOptions& options, Clock* clock,
                                 const ConversationEncoder* encoder, std::vector<Scorer*> scorers)
    : options_(options),
      clock_(clock),
      encoder_(encoder),
      scheduler_(options.batching, clock, std::move(scorers)),
      encoders_(options.encoder_threads, options.max_waiting_bytes) {}

ScoringPipeline::~ScoringPipeline() { Drain(absl::InfinitePast()); }

void ScoringPipeline::Submit(PipelineRequest request, ScoredRequestCallback done) {
  absl::Status refusal = CheckAlive(request);
  if (refusal.ok()) {
    MutexLock lock(&mu_);
    if (draining_) refusal = absl::UnavailableError("the server is stopping");
  }
  if (!refusal.ok()) return std::move(done)(std::move(refusal));

  // Shared, because a job that is refused is gone and its request must still be answered.
  auto answer = std::make_shared<ScoredRequestCallback>(std::move(done));
  const int64_t bytes = WaitingBytes(request);
  const bool taken = encoders_.TrySubmit(
      bytes, [this, request = std::move(request), arrived = clock_->Now(), answer]() mutable {
        EncodeAndSchedule(std::move(request), arrived, std::move(*answer));
      });
  if (taken) return;
  {
    MutexLock lock(&mu_);
    refusal = draining_ ? absl::UnavailableError("the server is stopping")
                        : absl::ResourceExhaustedError(
                              absl::StrCat("too much text waits to be encoded: the limit is ",
                                           options_.max_waiting_bytes, " bytes"));
  }
  std::move (*answer)(std::move(refusal));
}

void ScoringPipeline::Drain(absl::Time deadline) {
  {
    MutexLock lock(&mu_);
    if (draining_) return;
    draining_ = true;
    drain_deadline_ = deadline;
  }
  encoders_.Drain();
  scheduler_.Drain(deadline);
}

PipelineState ScoringPipeline::state() const {
  PipelineState state = {.scheduler = scheduler_.state()};
  MutexLock lock(&mu_);
  state.requests = requests_;
  return state;
}

void ScoringPipeline::EncodeAndSchedule(PipelineRequest request, absl::Time arrived,
                                        ScoredRequestCallback done) {
  {
    MutexLock lock(&mu_);
    ++requests_;
  }
  if (absl::Status alive = CheckAlive(request); !alive.ok())
    return std::move(done)(std::move(alive));
  const absl::Time began = clock_->Now();
  absl::StatusOr<EncodedGroup> encoded =
      encoder_->Encode(request.prompt, request.responses, request.encode);
  if (!encoded.ok()) return std::move(done)(std::move(encoded).status());
  const absl::Time encoded_at = clock_->Now();

  const size_t responses = encoded->group.responses.size();
  auto gatherer = std::make_shared<ResultGatherer>(
      *encoded, StageDurations{.wait_encode = began - arrived, .encode = encoded_at - began},
      encoded_at, std::move(done));
  // Nothing to run: the results are all there.
  if (responses == 0) return gatherer->Report(0, 0, TaskScores{});

  std::vector<ScoreTask> tasks;
  size_t first = 0;
  for (PromptGroup& part : SplitGroup(std::move(encoded->group), options_.batching.budget)) {
    const size_t count = part.responses.size();
    tasks.push_back({.group = std::move(part),
                     .deadline = request.deadline,
                     .tenant = request.tenant,
                     .priority = request.priority,
                     .cancelled = request.cancelled,
                     .done = [gatherer, first, count](absl::StatusOr<TaskScores> scores) {
                       gatherer->Report(first, count, std::move(scores));
                     }});
    first += count;
  }
  if (absl::Status taken = scheduler_.Schedule(std::move(tasks)); !taken.ok()) {
    gatherer->Report(0, responses, std::move(taken));
  }
}

absl::Status ScoringPipeline::CheckAlive(const PipelineRequest& request) const {
  const absl::Time now = clock_->Now();
  if (request.cancelled != nullptr && request.cancelled->load(std::memory_order_relaxed)) {
    return absl::CancelledError("the caller went away before the request was encoded");
  }
  if (request.deadline <= now) {
    return absl::DeadlineExceededError("the deadline passed before the request was encoded");
  }
  MutexLock lock(&mu_);
  if (drain_deadline_ <= now) {
    return absl::UnavailableError("the server stopped before the request's turn came");
  }
  return absl::OkStatus();
}

}  // namespace assay
