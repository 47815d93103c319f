#include "server/score_service.h"

#include <grpcpp/server_context.h>

#include <atomic>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/grpc_status.h"
#include "server/byte_buffers.h"
#include "server/request_decoder.h"

namespace assay {
namespace {

// One Score call. Deletes itself when gRPC is done with it, which is after Finish().
class UnaryCall : public grpc::ServerUnaryReactor {
 public:
  void Start(const RequestHandler& handler, absl::Time deadline, const grpc::ByteBuffer& request,
             grpc::ByteBuffer* response) {
    const RequestHandler::Caller caller = {
        .deadline = deadline, .cancelled = cancelled_, .path = ""};
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
  void OnCancel() override { cancelled_->store(true); }
  void OnDone() override { delete this; }

  const CancelFlag cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

ScoreService::ScoreService(const RequestHandler* handler, int64_t max_in_flight_per_stream,
                           std::function<v1::ModelInfo()> model_info)
    : handler_(handler),
      max_in_flight_per_stream_(max_in_flight_per_stream),
      model_info_(std::move(model_info)) {}

grpc::ServerUnaryReactor* ScoreService::Score(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) {
  auto* call = new UnaryCall;
  call->Start(*handler_, absl::FromChrono(context->deadline()), *request, response);
  return call;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ScoreService::ScoreStream(
    grpc::CallbackServerContext* context) {
  std::shared_ptr<StreamCall> call =
      StreamCall::Start({.handler = handler_,
                         .max_in_flight = max_in_flight_per_stream_,
                         .deadline = absl::FromChrono(context->deadline()),
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
  *response = model_info_();
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
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
