#include "tests/client/fake_reward_service.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/grpc_status.h"
#include "base/retry_after.h"

namespace assay::testing {
namespace {

void SetError(const absl::Status& status, v1::Error* error) {
  error->set_code(status.raw_code());
  error->set_message(std::string(status.message()));
  error->set_retry_after_ns(
      absl::ToInt64Nanoseconds(RetryAfter(status).value_or(absl::ZeroDuration())));
}

}  // namespace

// Finishes when it is told to or its caller is gone.
class FakeRewardService::HeldCall : public grpc::ServerUnaryReactor {
 public:
  explicit HeldCall(FakeRewardService* service) : service_(service) {}
  void OnCancel() override {
    if (service_->Release(this)) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  FakeRewardService* const service_;
};

FakeRewardService::FakeRewardService(std::vector<std::string> objectives)
    : objectives_(std::move(objectives)) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.SetMaxReceiveMessageSize(1 << 20);
  builder.RegisterService(static_cast<v1::RewardService::Service*>(this));
  server_ = builder.BuildAndStart();
}

FakeRewardService::~FakeRewardService() { server_->Shutdown(std::chrono::system_clock::now()); }

std::string FakeRewardService::address() const { return absl::StrCat("127.0.0.1:", port_); }

std::unique_ptr<v1::RewardService::StubInterface> FakeRewardService::NewStub() const {
  const auto channel = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return v1::RewardService::NewStub(channel);
}

float FakeRewardService::ScoreOf(const std::string& prompt, const std::string& response) {
  uint32_t hash = 2166136261;  // FNV-1a.
  for (const unsigned char byte : absl::StrCat(prompt, "|", response))
    hash = (hash ^ byte) * 16777619;
  return static_cast<float>(hash % 1024) / 8;
}

void FakeRewardService::SetModelName(const std::string& name) {
  MutexLock lock(&mu_);
  model_name_ = name;
}

void FakeRewardService::SetRevision(const std::string& revision) {
  MutexLock lock(&mu_);
  revision_ = revision;
}

void FakeRewardService::SetRevisionAfter(int requests, const std::string& revision) {
  MutexLock lock(&mu_);
  next_revision_ = {requests, revision};
}

void FakeRewardService::SetMarginError(double percentile_99) {
  MutexLock lock(&mu_);
  margin_error_ = percentile_99;
}

void FakeRewardService::RefuseNext(int n, absl::Status status) {
  MutexLock lock(&mu_);
  refuse_next_.insert(refuse_next_.end(), n, status);
}

void FakeRewardService::Refuse(const std::string& response, absl::Status status) {
  MutexLock lock(&mu_);
  refused_[response] = std::move(status);
}

void FakeRewardService::FailResult(const std::string& response, absl::Status status, int times) {
  MutexLock lock(&mu_);
  failing_[response] = {std::move(status), times};
}

void FakeRewardService::BreakStreamAfter(int replies, absl::Status status) {
  MutexLock lock(&mu_);
  breaks_.emplace_back(replies, std::move(status));
}

void FakeRewardService::BreakStreamOn(const std::string& response, absl::Status status) {
  MutexLock lock(&mu_);
  poison_[response] = std::move(status);
}

void FakeRewardService::AnswerInReverse(int group) {
  MutexLock lock(&mu_);
  group_ = group;
}

void FakeRewardService::AnswerTwice() {
  MutexLock lock(&mu_);
  copies_ = 2;
}

void FakeRewardService::GoSilent() {
  MutexLock lock(&mu_);
  silent_ = true;
}

void FakeRewardService::Speak() {
  std::set<HeldCall*> held;
  {
    MutexLock lock(&mu_);
    silent_ = false;
    held.swap(held_);
  }
  for (HeldCall* call : held) call->Finish(grpc::Status::OK);
}

void FakeRewardService::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
}

bool FakeRewardService::Release(HeldCall* call) {
  MutexLock lock(&mu_);
  if (held_.erase(call) == 0) return false;
  ++cancelled_;
  changed_.notify_all();
  return true;
}

void FakeRewardService::AwaitCancelled(int n) {
  MutexLock lock(&mu_);
  while (cancelled_ < n) changed_.wait(mu_);
}

std::string FakeRewardService::prompt_hash() const {
  MutexLock lock(&mu_);
  return prompt_hash_;
}

std::string FakeRewardService::authority() const {
  MutexLock lock(&mu_);
  return authority_;
}

void FakeRewardService::AwaitRequests(int n) {
  MutexLock lock(&mu_);
  while (requests_ < n) changed_.wait(mu_);
}

void FakeRewardService::AwaitClosedStreams(int n) {
  MutexLock lock(&mu_);
  while (closed_streams_ < n) changed_.wait(mu_);
}

int FakeRewardService::requests() const {
  MutexLock lock(&mu_);
  return requests_;
}

int FakeRewardService::streams() const {
  MutexLock lock(&mu_);
  return streams_;
}

int FakeRewardService::most_unanswered() const {
  MutexLock lock(&mu_);
  return most_unanswered_;
}

absl::Status FakeRewardService::Answer(const v1::ScoreRequest& request,
                                       v1::ScoreResponse* response) {
  MutexLock lock(&mu_);
  ++requests_;
  changed_.notify_all();
  if (next_revision_.has_value() && next_revision_->first-- == 0) {
    revision_ = next_revision_->second;
    next_revision_.reset();
  }
  if (!request.model_revision().empty() && request.model_revision() != revision_) {
    return absl::FailedPreconditionError(
        absl::StrCat("model_revision: not the revision loaded here, which is ", revision_));
  }
  if (!refuse_next_.empty()) {
    const absl::Status status = refuse_next_.front();
    refuse_next_.pop_front();
    return status;
  }
  const std::string& prompt = request.prompt(request.prompt_size() - 1).content();
  for (const std::string& text : request.responses()) {
    if (const auto refused = refused_.find(text); refused != refused_.end()) return refused->second;
    v1::Result* result = response->add_results();
    if (const auto failing = failing_.find(text);
        failing != failing_.end() && failing->second.times-- > 0) {
      SetError(failing->second.status, result->mutable_error());
      continue;
    }
    v1::Score* score = result->mutable_score();
    score->set_score(ScoreOf(prompt, text));
    score->set_input_tokens(static_cast<int32_t>(prompt.size() + text.size()));
    if (request.detail() != v1::DETAIL_LEVEL_OBJECTIVES) continue;
    for (size_t k = 0; k < objectives_.size(); ++k) {
      // Objective k's reward is score / 2^k; the coefficients make the sum right.
      score->add_rewards(score->score() / static_cast<float>(1 << k));
      score->add_gating(1.0F / static_cast<float>(objectives_.size()));
      score->add_coefficients(static_cast<float>(1 << k) / static_cast<float>(objectives_.size()));
    }
  }
  response->set_model_revision(revision_);
  return absl::OkStatus();
}

absl::Status FakeRewardService::Poison(const v1::ScoreRequest& request) {
  MutexLock lock(&mu_);
  for (const std::string& text : request.responses()) {
    if (const auto poison = poison_.find(text); poison != poison_.end()) return poison->second;
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* FakeRewardService::Score(grpc::CallbackServerContext* context,
                                                   const v1::ScoreRequest* request,
                                                   v1::ScoreResponse* response) {
  {
    const auto hash = context->client_metadata().find("assay-prompt-hash");
    const bool is_there = hash != context->client_metadata().end();
    MutexLock lock(&mu_);
    const grpc::string_ref authority = context->ExperimentalGetAuthority();
    authority_.assign(authority.data(), authority.size());
    prompt_hash_ = is_there ? std::string(hash->second.data(), hash->second.size()) : "";
  }
  const absl::Status status = Answer(*request, response);
  {
    MutexLock lock(&mu_);
    if (silent_) return *held_.insert(new HeldCall(this)).first;
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

grpc::Status FakeRewardService::ScoreStream(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::ScoreStreamResponse, v1::ScoreStreamRequest>* stream) {
  std::pair<int, absl::Status> breaks_after = {-1, absl::OkStatus()};
  int group = 1;
  int copies = 1;
  {
    MutexLock lock(&mu_);
    ++streams_;
    group = group_;
    copies = copies_;
    if (!breaks_.empty()) {
      breaks_after = breaks_.front();
      breaks_.pop_front();
    }
  }
  int replies = 0;
  std::vector<v1::ScoreStreamResponse> unanswered;
  v1::ScoreStreamRequest request;
  while (replies != breaks_after.first && stream->Read(&request)) {
    if (absl::Status poison = Poison(request.request()); !poison.ok()) return ToGrpcStatus(poison);
    v1::ScoreStreamResponse& reply = unanswered.emplace_back();
    reply.set_request_id(request.request_id());
    v1::ScoreResponse response;
    if (absl::Status status = Answer(request.request(), &response); status.ok()) {
      *reply.mutable_response() = std::move(response);
    } else {
      SetError(status, reply.mutable_error());
    }
    {
      MutexLock lock(&mu_);
      most_unanswered_ = std::max<int>(most_unanswered_, unanswered.size());
      if (silent_) continue;
    }
    if (unanswered.size() < static_cast<size_t>(group)) continue;
    for (; !unanswered.empty() && replies != breaks_after.first; unanswered.pop_back(), ++replies) {
      for (int copy = 0; copy < copies; ++copy) stream->Write(unanswered.back());
    }
  }
  if (replies != breaks_after.first && unanswered.empty() && !context->IsCancelled()) {
    MutexLock lock(&mu_);
    ++closed_streams_;
    changed_.notify_all();
  }
  return ToGrpcStatus(breaks_after.second);
}

grpc::Status FakeRewardService::GetModel(grpc::ServerContext* /*context*/,
                                         const v1::GetModelRequest* /*request*/,
                                         v1::ModelInfo* response) {
  MutexLock lock(&mu_);
  response->set_name(model_name_);
  response->set_revision(revision_);
  response->set_architecture("FakeForRewardModel");
  for (const std::string& objective : objectives_) response->add_objectives(objective);
  response->set_chat_template("chatml");
  response->set_dtype(margin_error_.has_value() ? "bfloat16" : "float32");
  if (margin_error_.has_value()) {
    v1::ScoreError* error = response->mutable_score_error();
    error->mutable_score()->set_n(400);
    error->mutable_score()->set_percentile_99(*margin_error_ / 2);
    error->mutable_margin()->set_n(200);
    error->mutable_margin()->set_percentile_99(*margin_error_);
    error->mutable_margin()->set_largest(*margin_error_ * 2);
    error->add_data("pairs.jsonl");
    error->set_measured_on("A Fast One");
  }
  response->set_heads("precise");
  response->add_devices("cpu");
  response->mutable_limits()->set_max_tokens(4096);
  response->mutable_counters()->set_requests(requests_);
  response->mutable_state()->set_health("unhealthy");
  v1::Worker* worker = response->mutable_state()->add_workers();
  worker->set_device("cpu");
  worker->set_state("stuck");
  for (const char* name : {"lame_duck", "max_messages"}) response->add_settings()->set_name(name);
  response->mutable_settings(0)->set_source("default");
  response->mutable_settings(1)->set_source("flag");
  return grpc::Status::OK;
}

}  // namespace assay::testing
