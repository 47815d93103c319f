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
#include "base/clock.h"
#include "server/call_context.h"
#include "server/observer.h"
#include "server/request_log.h"
#include "server/request_validator.h"
#include "server/scored_request.h"
#include "server/scoring_pipeline.h"

namespace assay {

// Thread-safe.
class RequestHandler {
 public:
  using Reply = absl::AnyInvocable<void(absl::StatusOr<v1::ScoreResponse>) &&>;

  // Who waits for the answer, until when, and how errors call the request.
  struct Caller {
    CallContext context = {};
    OnFull on_full = OnFull::kRefuse;
    // Goes before the fields' names in errors; "" or "request.". Outlives the call.
    absl::string_view path = "";
    const char* method = "Score";  // See RequestRecord.
  };

  // Who is told of every reply. Borrows all of it; it must outlive the handler.
  struct Telling {
    Observer* observer = Observer::Silent();
    RequestLog* log = nullptr;  // Null: none.
    Clock* clock = Clock::Real();
  };

  // Borrows `pipeline`, which must outlive it. `revision` is the loaded model's.
  RequestHandler(const RequestLimits& limits, std::string revision, ScoringPipeline* pipeline,
                 const Telling& telling)
      : limits_(limits), revision_(std::move(revision)), pipeline_(pipeline), telling_(telling) {}
  RequestHandler(const RequestLimits& limits, std::string revision, ScoringPipeline* pipeline)
      : RequestHandler(limits, std::move(revision), pipeline, Telling()) {}

  // INVALID_ARGUMENT for a request that is too large to be decoded.
  absl::Status CheckBytes(int64_t bytes) const { return CheckRequestBytes(bytes, limits_); }

  // True where a request of `tenant` finds room; see ScoringPipeline.
  bool HasRoomOrTell(const std::string& tenant, const std::function<void()>& on_change) const {
    return pipeline_->HasRoomOrTell(tenant, on_change);
  }
  // For a request that ended before Score(): its caller is not let in, its bytes are too many, or no
  // message. Tells of it.
  void Refuse(const Caller& caller, absl::StatusCode code) const;
  // For a call that needed no Score(), and succeeded. Tells of it.
  void Answered(const Caller& caller) const;

  // Never waits. `reply` runs exactly once, on this thread or on another, and must not block.
  // Errors: those of ValidateScoreRequest() and ScoringPipeline::Submit().
  void Score(v1::ScoreRequest request, const Caller& caller, Reply reply) const;

 private:
  // A request on its way to its reply.
  struct Pending {
    const char* method;
    CallContext context = {};
    int64_t responses;
    absl::Time arrived;
  };

  Pending PendingOf(const Caller& caller, int responses) const;
  void Tell(const Pending& pending, absl::StatusCode code, const StageDurations& stages) const;

  const RequestLimits limits_;
  const std::string revision_;
  ScoringPipeline* const pipeline_;  // Borrowed.
  const Telling telling_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_REQUEST_HANDLER_H_
