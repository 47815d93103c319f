#include "client/score_attempt.h"

#include <utility>

#include "base/grpc_status.h"
#include "client/prompt_hash.h"
#include "client/wire.h"

namespace assay::client {

ScoreAttempt::ScoreAttempt(std::shared_ptr<Replica> replica, absl::Time deadline,
                           std::optional<uint64_t> prompt_hash)
    : replica_(std::move(replica)), context_(std::make_shared<grpc::ClientContext>()) {
  MutexLock lock(&mu_);
  context_->set_deadline(absl::ToChronoTime(deadline));
  if (prompt_hash.has_value()) {
    context_->AddMetadata(kPromptHashMetadata, PromptHashText(*prompt_hash));
  }
}

void ScoreAttempt::Start(const v1::ScoreRequest& request, Ended ended) {
  self_ = shared_from_this();
  responses_ = request.responses_size();
  ended_ = std::move(ended);
  grpc::ClientContext* context;
  v1::RewardService::StubInterface* stub;
  {
    MutexLock lock(&mu_);
    context = context_.get();
    stub = replica_->stub();
    replica_->AddOutstanding(1);
  }
  stub->async()->Score(context, &request, &response_,
                       [this](const grpc::Status& status) { OnDone(status); });
}

void ScoreAttempt::Cancel() {
  std::shared_ptr<grpc::ClientContext> context;
  {
    MutexLock lock(&mu_);
    context = context_;
  }
  if (context != nullptr) context->TryCancel();
}

void ScoreAttempt::OnDone(const grpc::Status& status) {
  absl::StatusOr<ScoreReply> outcome =
      status.ok() ? FromWire(response_, responses_) : FromGrpcStatus(status);
  std::shared_ptr<grpc::ClientContext> context;
  std::shared_ptr<Replica> replica;
  {
    MutexLock lock(&mu_);
    context = std::move(context_);
    replica = std::move(replica_);
  }
  replica->AddOutstanding(-1);
  context.reset();
  replica.reset();
  const std::shared_ptr<ScoreAttempt> alive_to_the_end = std::move(self_);
  std::exchange(ended_, nullptr)(std::move(outcome));
}

}  // namespace assay::client
