// client/score_stream.h
// One ScoreStream call: writes one request at a time, hands over what comes back. Knows nothing of
// retries, items or their order.
#ifndef ASSAY_CLIENT_SCORE_STREAM_H_
#define ASSAY_CLIENT_SCORE_STREAM_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"

namespace assay::client {

// The owner's methods are for one thread, which is not gRPC's. Borrows the stub and the listener:
// both outlive it.
class ScoreStream final
    : private grpc::ClientBidiReactor<v1::ScoreStreamRequest, v1::ScoreStreamResponse> {
 public:
  // Runs on gRPC threads, one method at a time except OnWritable(), which may overlap OnReply().
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnReply(v1::ScoreStreamResponse reply) = 0;
    // The last Write() left the client. Not told once the stream is broken.
    virtual void OnWritable() = 0;
    // Once, last: nothing comes after it. OK when the server ended the call after a half-close, or
    // on its own accord.
    virtual void OnEnd(const absl::Status& status) = 0;
  };

  // Begins the call. The first Write() need not wait.
  ScoreStream(v1::RewardService::StubInterface* stub, Listener* listener);
  // Cancels what is left of the call and waits for OnEnd() to have run.
  ~ScoreStream() override;

  // Sends `request`. Not again before OnWritable(). On a broken stream it does nothing: OnEnd() is
  // on its way.
  void Write(v1::ScoreStreamRequest request) ABSL_LOCKS_EXCLUDED(mu_);
  // No more writes; the server ends the call after its last reply. Not before OnWritable() of the
  // last Write().
  void HalfClose() ABSL_LOCKS_EXCLUDED(mu_);
  void Cancel();

 private:
  // Outlives the reactor, whose last callback may still be returning when its owner deletes it.
  struct Ending {
    Mutex mu;
    CondVar changed;
    bool ended ABSL_GUARDED_BY(mu) = false;
  };

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  // Lets gRPC end the call: from here on only its own callbacks may act on it.
  void ReleaseHold() ABSL_LOCKS_EXCLUDED(mu_);

  Listener* const listener_;  // Borrowed.
  const std::shared_ptr<Ending> ending_ = std::make_shared<Ending>();
  grpc::ClientContext context_;
  v1::ScoreStreamRequest request_;  // Being written.
  v1::ScoreStreamResponse reply_;   // Being read.

  Mutex mu_;
  bool held_ ABSL_GUARDED_BY(mu_) = true;  // True, then false for good.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_SCORE_STREAM_H_
