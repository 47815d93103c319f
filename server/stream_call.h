// server/stream_call.h
// One ScoreStream call: reads requests ahead up to a bound, writes each reply as it completes, one
// at a time. A request counts as in flight from when it is read until its reply is written, so a
// client that does not read its replies is held back, too; and nothing is read while the server has
// no room for its tenant, so that a full server slows a stream down and never fails it. Decides
// nothing about a request; that is RequestHandler.
#ifndef ASSAY_SERVER_STREAM_CALL_H_
#define ASSAY_SERVER_STREAM_CALL_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "assay/v1/reward.pb.h"
#include "base/mutex.h"
#include "server/call_context.h"
#include "server/request_handler.h"

namespace assay {

// Thread-safe. Keeps itself alive until gRPC is done with it and the last reply to it was made.
class StreamCall : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                   public std::enable_shared_from_this<StreamCall> {
 public:
  struct Options {
    const RequestHandler* handler;  // Borrowed; outlives the call.
    int64_t max_in_flight;          // > 0.
    CallContext context;  // Of the call, and so of each request in it; its cancel flag is set.
    std::function<void(StreamCall*)> on_done;  // When gRPC is done with the call.
  };

  static std::shared_ptr<StreamCall> Start(Options options);

  // Reads no more; answers what was read, then ends the call with UNAVAILABLE.
  void BeginDrain() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  explicit StreamCall(Options options) : options_(std::move(options)) {}

  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnCancel() override;
  void OnDone() override;

  void Handle(absl::string_view bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void OnRoom() ABSL_LOCKS_EXCLUDED(mu_);
  void Write(const v1::ScoreStreamResponse& reply) ABSL_LOCKS_EXCLUDED(mu_);
  // Starts the operation, if any, that the state allows: a read, a write, the end of the call.
  void Proceed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  grpc::ByteBuffer incoming_;         // gRPC's while reading_, OnReadDone()'s after.
  std::shared_ptr<StreamCall> self_;  // From Start() to OnDone().

  Mutex mu_;
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;  // The client sends no more.
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  bool awaiting_room_ ABSL_GUARDED_BY(mu_) = false;  // OnRoom() is on its way.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;        // replies_.front() is gRPC's.
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  int64_t in_flight_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<grpc::ByteBuffer> replies_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_STREAM_CALL_H_
