// server/request_handler.h
// What a Score call and a message of a ScoreStream have in common: validate, submit, and build the
// reply. Holds no state of its own and knows no RPC.
#ifndef ASSAY_SERVER_REQUEST_HANDLER_H_
#define ASSAY_SERVER_REQUEST_HANDLER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "assay/v1/reward.pb.h"
#include "server/call_context.h"
#include "server/request_validator.h"
#include "server/scoring_pipeline.h"

namespace assay {

// Thread-safe.
class RequestHandler {
 public:
  using Reply = absl::AnyInvocable<void(absl::StatusOr<v1::ScoreResponse>) &&>;

  // Who waits for the answer, until when, and how errors call the request.
  struct Caller {
    CallContext context;
    OnFull on_full = OnFull::kRefuse;
    absl::string_view
        path;  // Goes before the fields' names in errors; "" or "request.". Outlives the call.
  };

  // Borrows `pipeline`, which must outlive it. `revision` is the loaded model's.
  RequestHandler(const RequestLimits& limits, std::string revision, ScoringPipeline* pipeline)
      : limits_(limits), revision_(std::move(revision)), pipeline_(pipeline) {}

  // INVALID_ARGUMENT for a request that is too large to be decoded.
  absl::Status CheckBytes(int64_t bytes) const { return CheckRequestBytes(bytes, limits_); }

  // True where a request of `tenant` finds room; see ScoringPipeline.
  bool HasRoomOrTell(const std::string& tenant, const std::function<void()>& on_change) const {
    return pipeline_->HasRoomOrTell(tenant, on_change);
  }

  // Never waits. `reply` runs exactly once, on this thread or on another, and must not block.
  // Errors: those of ValidateScoreRequest() and ScoringPipeline::Submit().
  void Score(v1::ScoreRequest request, const Caller& caller, Reply reply) const;

 private:
  const RequestLimits limits_;
  const std::string revision_;
  ScoringPipeline* const pipeline_;  // Borrowed.
};

}  // namespace assay

#endif  // ASSAY_SERVER_REQUEST_HANDLER_H_
