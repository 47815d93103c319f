#include "client/score_call.h"

#include <optional>
#include <utility>

#include "base/grpc_status.h"
#include "client/wire.h"

namespace assay::client {

ScoreCall::ScoreCall(std::vector<v1::RewardService::StubInterface*> stubs, v1::ScoreRequest request,
                     absl::Time deadline, const RetryPolicy& retry, Done done)
    : stubs_(std::move(stubs)),
      request_(std::move(request)),
      deadline_(deadline),
      retry_(retry),
      done_(std::move(done)) {}

void ScoreCall::Start() {
  self_ = shared_from_this();
  Attempt();
}

void ScoreCall::Attempt() {
  auto context = std::make_shared<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(deadline_));
  grpc::ClientContext* const borrowed = context.get();
  bool cancelled;
  {
    MutexLock lock(&mu_);
    cancelled = cancelled_;
    context_ = std::move(context);
  }
  if (cancelled) return Finish(absl::CancelledError("the call was cancelled"));
  response_.Clear();
  v1::RewardService::StubInterface* const stub = stubs_[failures_ % stubs_.size()];
  stub->async()->Score(borrowed, &request_, &response_,
                       [this](const grpc::Status& status) { OnAttemptDone(status); });
}

void ScoreCall::Cancel() {
  std::shared_ptr<grpc::ClientContext> context;
  {
    MutexLock lock(&mu_);
    cancelled_ = true;
    context = context_;
  }
  if (context != nullptr) context->TryCancel();
  alarm_.Cancel();
}

void ScoreCall::OnAttemptDone(const grpc::Status& status) {
  absl::StatusOr<ScoreReply> outcome =
      status.ok() ? FromWire(response_, request_.responses_size()) : FromGrpcStatus(status);
  // Before `done` can run: a context holds its channel, and gRPC aborts when a channel's last
  // reference goes on this thread, as it would if `done` let the client be destroyed.
  std::shared_ptr<grpc::ClientContext> finished;
  {
    MutexLock lock(&mu_);
    finished = std::move(context_);
  }
  finished.reset();
  if (!ScheduleRetry(outcome)) Finish(std::move(outcome));
}

bool ScoreCall::ScheduleRetry(const absl::StatusOr<ScoreReply>& outcome) {
  ++failures_;
  const std::optional<absl::Time> next =
      NextAttempt(retry_, RetryableStatus(outcome), failures_, absl::Uniform<double>(random_, 0, 1),
                  absl::Now(), deadline_);
  if (!next.has_value()) return false;
  MutexLock lock(&mu_);
  if (cancelled_) return false;
  // Under the lock, so that Cancel() finds either the flag unread or the timer set.
  alarm_.Set(absl::ToChronoTime(*next), [this](bool /*expired*/) { Attempt(); });
  return true;
}

void ScoreCall::Finish(absl::StatusOr<ScoreReply> outcome) {
  const std::shared_ptr<ScoreCall> alive_to_the_end = std::move(self_);
  std::move(done_)(std::move(outcome));
}

}  // namespace assay::client
