#include "client/reward_client.h"

#include <grpcpp/client_context.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/grpc_status.h"
#include "base/status_macros.h"
#include "client/prompt_hash.h"
#include "client/score_call.h"
#include "client/wire.h"

namespace assay::client {
namespace {

absl::Status CheckTimeout(absl::Duration timeout) {
  if (timeout > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("timeout is ", absl::FormatDuration(timeout), "; it must be above 0"));
}

std::unique_ptr<ReplicaSet> SetOf(std::unique_ptr<v1::RewardService::StubInterface> stub) {
  return std::make_unique<ReplicaSet>(ReplicaList{std::make_shared<Replica>("", std::move(stub))});
}

// Hands one value from a callback to the thread that waits for it.
class Handover {
 public:
  void Set(absl::StatusOr<ScoreReply> reply) {
    MutexLock lock(&mu_);
    reply_ = std::move(reply);
    changed_.notify_one();
  }
  absl::StatusOr<ScoreReply> Await() {
    MutexLock lock(&mu_);
    while (!reply_.has_value()) changed_.wait(mu_);
    return *std::move(reply_);
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::optional<absl::StatusOr<ScoreReply>> reply_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<RewardClient>> RewardClient::Connect(const std::string& addresses,
                                                                    ClientOptions options) {
  ASSAY_RETURN_IF_ERROR(options.retry.Validate());
  ASSAY_RETURN_IF_ERROR(options.hedge.Validate());
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<ReplicaSet> replicas,
                         ReplicaSet::Connect(addresses, options.connection));
  return std::make_unique<RewardClient>(std::move(replicas), std::move(options));
}

RewardClient::RewardClient(std::unique_ptr<v1::RewardService::StubInterface> stub,
                           ClientOptions options)
    : RewardClient(SetOf(std::move(stub)), std::move(options)) {}

RewardClient::RewardClient(std::unique_ptr<ReplicaSet> replicas, ClientOptions options)
    : options_(std::move(options)),
      replicas_(std::move(replicas)),
      hedge_budget_(options_.hedge.max_share) {}

RewardClient::~RewardClient() {
  std::vector<std::function<void()>> cancels;
  {
    MutexLock lock(&mu_);
    for (const auto& [id, cancel] : calls_) cancels.push_back(cancel);
  }
  // Without the lock: a cancelled call may finish, and unregister, on this very thread.
  for (const std::function<void()>& cancel : cancels) cancel();
  MutexLock lock(&mu_);
  while (!calls_.empty()) changed_.wait(mu_);
}

absl::StatusOr<ScoreReply> RewardClient::Score(const ScoreRequest& request,
                                               absl::Duration timeout) {
  const auto handover = std::make_shared<Handover>();
  ScoreAsync(request, timeout,
             [handover](absl::StatusOr<ScoreReply> reply) { handover->Set(std::move(reply)); });
  return handover->Await();
}

void RewardClient::ScoreAsync(const ScoreRequest& request, absl::Duration timeout, Callback done) {
  if (absl::Status valid = CheckTimeout(timeout); !valid.ok()) return std::move(done)(valid);
  absl::StatusOr<v1::ScoreRequest> wire = ToWire(request);
  if (!wire.ok()) return std::move(done)(wire.status());

  const CallId id = NewCallId();
  const ScoreCallOptions call_options = {
      .deadline = absl::Now() + timeout,
      .retry = options_.retry,
      .prompt_hash = options_.affinity == Affinity::kPrompt
                         ? std::optional(PromptHash(request.prompt))
                         : std::nullopt,
      .hedge_after = options_.hedge.after,
      .hedge_budget = &hedge_budget_};
  auto call = std::make_shared<ScoreCall>(
      replicas_.get(), *std::move(wire), call_options,
      [this, id, done = std::move(done)](absl::StatusOr<ScoreReply> reply) mutable {
        std::move(done)(std::move(reply));
        Unregister(id);
      });
  Register(id, [call] { call->Cancel(); });
  call->Start();
}

absl::Status RewardClient::ScoreAll(RequestSource source, const ResultSink& sink,
                                    BulkOptions options, absl::Duration timeout) {
  ASSAY_RETURN_IF_ERROR(CheckTimeout(timeout));
  ASSAY_RETURN_IF_ERROR(options.Validate());
  const auto scorer = std::make_shared<BulkScorer>(replicas_.get(), Clock::Real(), options_.retry,
                                                   timeout, std::move(options));
  const CallId id = NewCallId();
  Register(id, [scorer] { scorer->Cancel(); });
  absl::Status verdict = scorer->Run(std::move(source), sink);
  Unregister(id);
  return verdict;
}

absl::StatusOr<ModelInfo> RewardClient::GetModel(absl::Duration timeout) {
  ASSAY_RETURN_IF_ERROR(CheckTimeout(timeout));
  const absl::Time deadline = absl::Now() + timeout;
  const ReplicaList replicas = replicas_->Current();
  if (replicas.empty()) {
    replicas_->LookAgain();
    const absl::Status why = replicas_->WhyNone();
    return why.ok() ? absl::UnavailableError("no server was known") : why;  // One may have come.
  }
  absl::StatusOr<ModelInfo> model = absl::UnknownError("no server was asked");
  for (size_t i = 0; i < replicas.size(); ++i) {
    // A server that keeps silent leaves the others their share of the time.
    const absl::Time now = absl::Now();
    model = AskModel(replicas[i]->stub(), now + (deadline - now) / (replicas.size() - i));
    if (model.ok() || absl::IsCancelled(model.status())) break;
  }
  return model;
}

std::vector<ServerModel> RewardClient::GetModels(absl::Duration timeout) {
  const auto query = std::make_shared<ModelQuery>(replicas_->Current(), absl::Now() + timeout);
  const CallId id = NewCallId();
  Register(id, [query] { query->Cancel(); });
  std::vector<ServerModel> models = query->Await();
  Unregister(id);
  return models;
}

absl::StatusOr<ModelInfo> RewardClient::AskModel(v1::RewardService::StubInterface* stub,
                                                 absl::Time deadline) {
  const auto context = std::make_shared<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(deadline));
  const CallId id = NewCallId();
  Register(id, [context] { context->TryCancel(); });
  v1::ModelInfo info;
  const grpc::Status status = stub->GetModel(context.get(), v1::GetModelRequest(), &info);
  Unregister(id);
  if (!status.ok()) return FromGrpcStatus(status);
  return FromWire(info);
}

RewardClient::CallId RewardClient::NewCallId() {
  MutexLock lock(&mu_);
  return next_id_++;
}

void RewardClient::Register(CallId id, std::function<void()> cancel) {
  MutexLock lock(&mu_);
  calls_.emplace(id, std::move(cancel));
}

void RewardClient::Unregister(CallId id) {
  MutexLock lock(&mu_);
  calls_.erase(id);
  changed_.notify_all();
}

}  // namespace assay::client
