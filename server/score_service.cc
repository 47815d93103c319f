#include "server/score_service.h"

#include <grpcpp/server_context.h>

#include <atomic>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/grpc_status.h"
#include "base/status_macros.h"
#include "server/byte_buffers.h"
#include "server/call_context.h"
#include "server/call_metadata.h"
#include "server/request_decoder.h"

namespace assay {
namespace {

// What the call says about its caller, with its deadline and a flag of its own; its request id goes
// back to it. An error is the whole answer.
absl::StatusOr<CallContext> Admit(grpc::CallbackServerContext* call, const TokenStore* tokens) {
  std::vector<MetadataPair> metadata;
  for (const auto& [name, value] : call->client_metadata()) {
    metadata.emplace_back(absl::string_view(name.data(), name.size()),
                          absl::string_view(value.data(), value.size()));
  }
  const std::shared_ptr<const TokenFile> known = tokens == nullptr ? nullptr : tokens->Current();
  ASSAY_ASSIGN_OR_RETURN(CallContext context, ReadCallMetadata(metadata, known.get()));
  context.deadline = absl::FromChrono(call->deadline());
  context.cancelled = std::make_shared<std::atomic<bool>>(false);
  call->AddInitialMetadata("x-request-id", context.request_id);
  return context;
}

// One Score call. Deletes itself when gRPC is done with it, which is after Finish().
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  explicit UnaryCall(CallContext context) : context_(std::move(context)) {}

  void Start(const RequestHandler& handler, const grpc::ByteBuffer& request,
             grpc::ByteBuffer* response) {
    const RequestHandler::Caller caller = {.context = context_, .path = ""};
    const grpc::Slice bytes = ToSlice(request);
    if (absl::Status size = handler.CheckBytes(bytes.size()); !size.ok()) {
      handler.Refuse(caller, size.code());
      return Finish(ToGrpcStatus(size));
    }
    absl::StatusOr<v1::ScoreRequest> decoded = DecodeScoreRequest(ViewOf(bytes));
    if (!decoded.ok()) {
      handler.Refuse(caller, decoded.status().code());
      return Finish(ToGrpcStatus(decoded.status()));
    }
    handler.Score(*std::move(decoded), caller,
                  [this, response](absl::StatusOr<v1::ScoreResponse> scored) {
                    if (scored.ok()) *response = ToByteBuffer(*scored);
                    Finish(ToGrpcStatus(scored.status()));
                  });
  }

 private:
  void OnCancel() override { context_.cancelled->store(true); }
  void OnDone() override { delete this; }

  const CallContext context_;
};

// A stream that ends before it begins.
class RefusedStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit RefusedStream(const absl::Status& why) { Finish(ToGrpcStatus(why)); }

 private:
  void OnDone() override { delete this; }
};

grpc::ServerUnaryReactor* Finished(grpc::CallbackServerContext* context,
                                   const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace

ScoreService::ScoreService(const RequestHandler* handler, const TokenStore* tokens,
                           int64_t max_in_flight_per_stream,
                           std::function<v1::ModelInfo()> model_info)
    : handler_(handler),
      tokens_(tokens),
      max_in_flight_per_stream_(max_in_flight_per_stream),
      model_info_(std::move(model_info)) {}

grpc::ServerUnaryReactor* ScoreService::Score(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) {
  absl::StatusOr<CallContext> admitted = Admit(context, tokens_);
  if (!admitted.ok()) {
    handler_->Refuse({.method = "Score"}, admitted.status().code());
    return Finished(context, admitted.status());
  }
  auto* call = new UnaryCall(*std::move(admitted));
  call->Start(*handler_, *request, response);
  return call;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ScoreService::ScoreStream(
    grpc::CallbackServerContext* context) {
  absl::StatusOr<CallContext> admitted = Admit(context, tokens_);
  if (!admitted.ok()) {
    handler_->Refuse({.method = "ScoreStream"}, admitted.status().code());
    return new RefusedStream(admitted.status());
  }
  std::shared_ptr<StreamCall> call = StreamCall::Start({.handler = handler_,
                                                        .max_in_flight = max_in_flight_per_stream_,
                                                        .context = *std::move(admitted),
                                                        .on_done = [this](StreamCall* done) {
                                                          MutexLock lock(&mu_);
                                                          streams_.erase(done);
                                                        }});
  bool draining;
  {
    MutexLock lock(&mu_);
    draining = draining_;
    streams_.emplace(call.get(), call);
  }
  if (draining) call->BeginDrain();
  return call.get();
}

grpc::ServerUnaryReactor* ScoreService::GetModel(grpc::CallbackServerContext* context,
                                                 const v1::GetModelRequest* /*request*/,
                                                 v1::ModelInfo* response) {
  const absl::StatusOr<CallContext> admitted = Admit(context, tokens_);
  if (admitted.ok()) {
    *response = model_info_();
    handler_->Answered({.context = *admitted, .method = "GetModel"});
  } else {
    handler_->Refuse({.method = "GetModel"}, admitted.status().code());
  }
  return Finished(context, admitted.status());
}

void ScoreService::BeginDrain() {
  std::vector<std::shared_ptr<StreamCall>> calls;
  {
    MutexLock lock(&mu_);
    draining_ = true;
    for (const auto& [key, call] : streams_) {
      if (std::shared_ptr<StreamCall> alive = call.lock()) calls.push_back(std::move(alive));
    }
  }
  for (const std::shared_ptr<StreamCall>& call : calls) call->BeginDrain();
}

}  // namespace assay
