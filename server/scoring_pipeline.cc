#include "server/scoring_pipeline.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"
#include "server/batch_policy.h"
#include "server/result_gatherer.h"

namespace assay {
namespace {

// Text is encoded much faster than it is scored: what waits for an encoder is soon gone.
constexpr absl::Duration kRetryText = absl::Milliseconds(100);

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

BatchSchedulerOptions BatchingOf(const PipelineOptions& options) {
  BatchSchedulerOptions batching = options.batching;
  batching.observer = options.observer;
  return batching;
}

}  // namespace

struct ScoringPipeline::Job {
  PipelineRequest request;
  absl::Time arrived;
  // Shared, because a job that is refused is gone and its request must still be answered.
  std::shared_ptr<ScoredRequestCallback> done;
};

ScoringPipeline::ScoringPipeline(const PipelineOptions& options, Clock* clock,
                                 const ConversationEncoder* encoder, std::vector<Scorer*> scorers)
    : options_(options),
      clock_(clock),
      observer_(options.observer),
      encoder_(encoder),
      reuse_(ScoringIdentity(scorers.front()->info()), options.result_cache_bytes),
      scheduler_(BatchingOf(options), clock, std::move(scorers)),
      encoders_(options.encoder_threads, options.max_waiting_bytes) {}

ScoringPipeline::~ScoringPipeline() { Drain(absl::InfinitePast()); }

void ScoringPipeline::Submit(PipelineRequest request, ScoredRequestCallback done) {
  if (absl::Status alive = CheckAlive(request); !alive.ok()) {
    return std::move(done)(std::move(alive));
  }
  if (Admission arrival = CheckArrival(request); !arrival.status.ok()) {
    return std::move(done)(Refuse(std::move(arrival)));
  }
  const Flow flow = request.flow;
  const int64_t bytes = WaitingBytes(request);
  auto answer = std::make_shared<ScoredRequestCallback>(std::move(done));
  Job job = {std::move(request), clock_->Now(), answer};
  const OnFull on_full = job.request.on_full;
  const bool taken = encoders_.TrySubmit(
      flow, bytes, on_full,
      [this, job = std::move(job)]() mutable { EncodeAndSchedule(std::move(job)); });
  if (taken) return;
  Admission refusal = CheckArrival(PipelineRequest());
  if (refusal.status.ok()) {
    refusal = {WithRetryAfter(absl::ResourceExhaustedError(
                                  absl::StrCat("too much text waits to be encoded: the limit is ",
                                               options_.max_waiting_bytes, " bytes")),
                              kRetryText),
               Refusal::kTextWaiting};
  }
  std::move (*answer)(Refuse(std::move(refusal)));
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
  PipelineState state = {.scheduler = scheduler_.state(),
                         .cached_responses = reuse_.cached_responses(),
                         .coalesced_responses = reuse_.coalesced_responses(),
                         .waiting_bytes = encoders_.queued_cost()};
  MutexLock lock(&mu_);
  state.requests = requests_;
  return state;
}

void ScoringPipeline::EncodeAndSchedule(Job job) {
  {
    MutexLock lock(&mu_);
    ++requests_;
  }
  const PipelineRequest& request = job.request;
  if (absl::Status alive = CheckAlive(request); !alive.ok()) {
    return std::move(*job.done)(std::move(alive));
  }
  const absl::Time began = clock_->Now();
  absl::StatusOr<EncodedGroup> encoded =
      encoder_->Encode(request.prompt, request.responses, request.encode);
  if (!encoded.ok()) return std::move(*job.done)(std::move(encoded).status());
  const absl::Time encoded_at = clock_->Now();

  auto gatherer = std::make_shared<ResultGatherer>(
      *encoded, StageDurations{.wait_encode = began - job.arrived, .encode = encoded_at - began},
      encoded_at, InTime(request.waiter, std::move(*job.done)));
  // Nothing to run: the results are all there.
  if (encoded->group.responses.empty()) return gatherer->Report({}, TaskScores{});

  const ScoreReuse::Report report = [gatherer](absl::Span<const size_t> indices,
                                               absl::StatusOr<TaskScores> scores) {
    gatherer->Report(indices, std::move(scores));
  };
  ScoreReuse::Own own =
      reuse_.TakeKnown(request.flow, std::move(encoded->group), request.waiter, encoded_at, report);
  if (!own.indices.empty()) Schedule(request, std::move(own), report);
}

void ScoringPipeline::Schedule(const PipelineRequest& request, ScoreReuse::Own own,
                               const ScoreReuse::Report& report) {
  const Flow flow = request.flow;
  std::vector<ScoreTask> tasks;
  std::vector<std::shared_ptr<FlightTable::Flight>> flights;
  size_t first = 0;
  for (PromptGroup& part : SplitGroup(std::move(own.group), options_.batching.queue.budget)) {
    const size_t end = first + part.responses.size();
    std::vector<ConversationKey> keys(own.keys.begin() + first, own.keys.begin() + end);
    std::vector<size_t> indices(own.indices.begin() + first, own.indices.begin() + end);
    const auto interest = std::make_shared<TaskInterest>(request.waiter);
    flights.push_back(reuse_.Begin(flow, keys, interest));
    tasks.push_back(
        {.group = std::move(part),
         .flow = flow,
         .interest = interest,
         .done = [this, flow, flight = flights.back(), keys = std::move(keys),
                  indices = std::move(indices), report](absl::StatusOr<TaskScores> scores) {
           reuse_.Land(flow, flight, keys, scores);
           report(indices, std::move(scores));
         }});
    first = end;
  }
  Admission admission =
      scheduler_.Schedule(std::move(tasks), request.waiter.deadline, request.on_full);
  for (const std::shared_ptr<FlightTable::Flight>& flight : flights) {
    if (admission.status.ok()) {
      reuse_.Open(flow, flight);
    } else {
      reuse_.Land(flow, flight, {}, admission.status);
    }
  }
  if (!admission.status.ok()) report(own.indices, Refuse(std::move(admission)));
}

ScoredRequestCallback ScoringPipeline::InTime(const Waiter& waiter, ScoredRequestCallback done) {
  return [this, waiter, done = std::move(done)](absl::StatusOr<ScoredRequest> scored) mutable {
    if (scored.ok()) {
      absl::Status late = waiter.Check(clock_->Now(), "before the reply was ready");
      if (absl::IsDeadlineExceeded(late)) observer_->OnDeadlineMissed(DeadlineStage::kReply);
      if (!late.ok()) scored = std::move(late);
    }
    std::move(done)(std::move(scored));
  };
}

Admission ScoringPipeline::CheckArrival(const PipelineRequest& request) {
  {
    MutexLock lock(&mu_);
    if (draining_) return {absl::UnavailableError("the server is stopping"), Refusal::kStopping};
  }
  // What cannot be taken on is not worth encoding.
  return scheduler_.Check(request.flow, request.waiter.deadline, request.on_full);
}

absl::Status ScoringPipeline::CheckAlive(const PipelineRequest& request) const {
  const absl::Time now = clock_->Now();
  if (absl::Status gone = request.waiter.Check(now, "before the request was encoded"); !gone.ok()) {
    if (absl::IsDeadlineExceeded(gone)) observer_->OnDeadlineMissed(DeadlineStage::kArrival);
    return gone;
  }
  MutexLock lock(&mu_);
  if (drain_deadline_ <= now) {
    return absl::UnavailableError("the server stopped before the request's turn came");
  }
  return absl::OkStatus();
}

absl::Status ScoringPipeline::Refuse(Admission admission) const {
  observer_->OnRefusal(admission.reason);
  return std::move(admission.status);
}

}  // namespace assay
