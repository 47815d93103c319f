// server/score_service.h
// The door: bytes in, answers out, over gRPC's callback API. Methods are raw, because the names of
// faulty fields are only to be had from the bytes (request_decoder.h). No maths, and nothing that
// waits: gRPC's threads come and go at once. Who asks is judged before anything else of a call is
// looked at; health and reflection, which are gRPC's own services, ask for no token.
#ifndef ASSAY_SERVER_SCORE_SERVICE_H_
#define ASSAY_SERVER_SCORE_SERVICE_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "server/request_handler.h"
#include "server/stream_call.h"
#include "server/token_store.h"

namespace assay {

// Thread-safe. Outlives every call: the owner shuts the gRPC server down first.
class ScoreService
    : public v1::RewardService::WithRawCallbackMethod_Score<
          v1::RewardService::WithRawCallbackMethod_ScoreStream<
              v1::RewardService::WithCallbackMethod_GetModel<v1::RewardService::Service>>> {
 public:
  // Borrows `handler` and `tokens`; null: no token is asked for. `model_info` answers GetModel;
  // called on any thread.
  ScoreService(const RequestHandler* handler, const TokenStore* tokens,
               int64_t max_in_flight_per_stream, std::function<v1::ModelInfo()> model_info);

  grpc::ServerUnaryReactor* Score(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ScoreStream(
      grpc::CallbackServerContext* context) override ABSL_LOCKS_EXCLUDED(mu_);
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* request,
                                     v1::ModelInfo* response) override;

  // Every stream, now and to come, reads no more, and ends once what it has read is answered.
  void BeginDrain() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const RequestHandler* const handler_;  // Borrowed.
  const TokenStore* const tokens_;       // Borrowed; may be null.
  const int64_t max_in_flight_per_stream_;
  const std::function<v1::ModelInfo()> model_info_;

  Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  std::map<StreamCall*, std::weak_ptr<StreamCall>> streams_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORE_SERVICE_H_
