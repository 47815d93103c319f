#include "server/stream_call.h"

#include <utility>

#include "absl/status/status.h"
#include "base/grpc_status.h"
#include "server/byte_buffers.h"
#include "server/reply_builder.h"
#include "server/request_decoder.h"

namespace assay {
namespace {

v1::ScoreStreamResponse ToStreamReply(std::string request_id,
                                      absl::StatusOr<v1::ScoreResponse> scored) {
  v1::ScoreStreamResponse reply;
  reply.set_request_id(std::move(request_id));
  if (scored.ok()) {
    *reply.mutable_response() = *std::move(scored);
  } else {
    *reply.mutable_error() = ToError(scored.status());
  }
  return reply;
}

}  // namespace

std::shared_ptr<StreamCall> StreamCall::Start(Options options) {
  std::shared_ptr<StreamCall> call(new StreamCall(std::move(options)));
  call->self_ = call;
  MutexLock lock(&call->mu_);
  call->Proceed();
  return call;
}

void StreamCall::BeginDrain() {
  MutexLock lock(&mu_);
  draining_ = true;
  Proceed();
}

void StreamCall::OnReadDone(bool ok) {
  const grpc::Slice request = ok ? ToSlice(incoming_) : grpc::Slice();
  incoming_.Clear();
  {
    MutexLock lock(&mu_);
    reading_ = false;
    if (ok) ++in_flight_;
    half_closed_ = half_closed_ || !ok;
    // What was read after the call's end has no reply: the client sees the end's status.
    if (finished_) return;
    Proceed();
  }
  if (ok) Handle(ViewOf(request));
}

void StreamCall::OnWriteDone(bool ok) {
  // Where the client is gone every write fails, and the rest of the replies with it.
  if (!ok) options_.context.cancelled->store(true);
  MutexLock lock(&mu_);
  replies_.pop_front();
  writing_ = false;
  --in_flight_;
  Proceed();
}

void StreamCall::OnCancel() { options_.context.cancelled->store(true); }

void StreamCall::OnDone() {
  options_.on_done(this);
  self_.reset();
}

void StreamCall::Handle(absl::string_view bytes) {
  const RequestHandler::Caller caller = {.context = options_.context,
                                         .on_full = OnFull::kWait,
                                         .path = "request.",
                                         .method = "ScoreStream"};
  if (absl::Status size = options_.handler->CheckBytes(bytes.size()); !size.ok()) {
    options_.handler->Refuse(caller, size.code());
    return Write(ToStreamReply("", size));
  }
  DecodedStreamRequest decoded = DecodeScoreStreamRequest(bytes);
  if (!decoded.request.ok()) {
    options_.handler->Refuse(caller, decoded.request.status().code());
    return Write(ToStreamReply(std::move(decoded.request_id), decoded.request.status()));
  }
  options_.handler->Score(*std::move(decoded.request), caller,
                          [call = shared_from_this(), id = std::move(decoded.request_id)](
                              absl::StatusOr<v1::ScoreResponse> scored) mutable {
                            call->Write(ToStreamReply(std::move(id), std::move(scored)));
                          });
}

void StreamCall::OnRoom() {
  MutexLock lock(&mu_);
  awaiting_room_ = false;
  Proceed();
}

void StreamCall::Write(const v1::ScoreStreamResponse& reply) {
  grpc::ByteBuffer bytes = ToByteBuffer(reply);
  MutexLock lock(&mu_);
  replies_.push_back(std::move(bytes));
  Proceed();
}

void StreamCall::Proceed() {
  if (finished_) return;
  if (!writing_ && !replies_.empty()) {
    writing_ = true;
    StartWrite(&replies_.front());
  }
  const bool reads_more = !half_closed_ && !draining_;
  if (reads_more && !reading_ && !awaiting_room_ && in_flight_ < options_.max_in_flight) {
    const std::weak_ptr<StreamCall> weak = weak_from_this();
    const bool room = options_.handler->HasRoomOrTell(options_.context.tenant, [weak] {
      if (const std::shared_ptr<StreamCall> call = weak.lock()) call->OnRoom();
    });
    reading_ = room;
    awaiting_room_ = !room;
    if (room) StartRead(&incoming_);
  }
  if (!reads_more && in_flight_ == 0) {
    finished_ = true;
    // Once the client has all its replies it does not matter that the server is stopping.
    Finish(half_closed_ ? grpc::Status::OK
                        : ToGrpcStatus(absl::UnavailableError("the server is stopping")));
  }
}

}  // namespace assay
