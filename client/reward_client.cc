#include "client/reward_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/grpc_status.h"
#include "base/status_macros.h"
#include "client/score_call.h"
#include "client/wire.h"

namespace assay::client {
namespace {

absl::Status CheckTimeout(absl::Duration timeout) {
  if (timeout > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("timeout is ", absl::FormatDuration(timeout), "; it must be above 0"));
}

grpc::ChannelArguments ChannelOptions() {
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(
      -1);  // The server's limits.* bound requests, and a reply follows its request's size.
  args.SetMaxSendMessageSize(-1);
  args.SetLoadBalancingPolicyName("round_robin");
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A client's connections are its own: two clients are two connections.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A server that restarts is found again within seconds; gRPC's own ceiling is two minutes.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
  return args;
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

absl::StatusOr<std::unique_ptr<RewardClient>> RewardClient::Connect(const std::string& address,
                                                                    ClientOptions options) {
  if (address.empty())
    return absl::InvalidArgumentError("the address is empty; expected HOST:PORT");
  ASSAY_RETURN_IF_ERROR(options.retry.Validate());
  return std::make_unique<RewardClient>(
      v1::RewardService::NewStub(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), ChannelOptions())),
      options);
}

RewardClient::RewardClient(std::unique_ptr<v1::RewardService::StubInterface> stub,
                           ClientOptions options)
    : stub_(std::move(stub)), options_(options) {}

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
  auto call = std::make_shared<ScoreCall>(
      stub_.get(), *std::move(wire), absl::Now() + timeout, options_.retry,
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
  const auto scorer = std::make_shared<BulkScorer>(stub_.get(), Clock::Real(), options_.retry,
                                                   timeout, std::move(options));
  const CallId id = NewCallId();
  Register(id, [scorer] { scorer->Cancel(); });
  absl::Status verdict = scorer->Run(std::move(source), sink);
  Unregister(id);
  return verdict;
}

absl::StatusOr<ModelInfo> RewardClient::GetModel(absl::Duration timeout) {
  ASSAY_RETURN_IF_ERROR(CheckTimeout(timeout));
  const auto context = std::make_shared<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  const CallId id = NewCallId();
  Register(id, [context] { context->TryCancel(); });
  v1::ModelInfo info;
  const grpc::Status status = stub_->GetModel(context.get(), v1::GetModelRequest(), &info);
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
