// client/score_call.h
// One Score call with its retries: attempts, the waits between them, the deadline over all of it,
// cancellation. Decides nothing about what is asked. Waits take no thread: they are gRPC's timers,
// and time is therefore the machine's.
#ifndef ASSAY_CLIENT_SCORE_CALL_H_
#define ASSAY_CLIENT_SCORE_CALL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "client/retry_policy.h"
#include "client/types.h"

namespace assay::client {

// Thread-safe. Keeps itself alive from Start() until `done` has run.
class ScoreCall : public std::enable_shared_from_this<ScoreCall> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<ScoreReply>) &&>;

  // Borrows `stubs`, at least one, until `done` has run. The first attempt is made on the first, each
  // other on the next in turn.
  ScoreCall(std::vector<v1::RewardService::StubInterface*> stubs, v1::ScoreRequest request,
            absl::Time deadline, const RetryPolicy& retry, Done done);

  // Once. `done` runs exactly once, on a gRPC thread. An attempt that failed, as a whole or in
  // one of its results, for a reason that RetryableStatus() knows is made again while the wait
  // ends before the deadline; otherwise the last outcome stands. Errors:
  //   the server's codes unchanged; UNAVAILABLE also where there is no server
  //   DEADLINE_EXCEEDED  at the deadline
  //   CANCELLED          after Cancel(), unless another outcome came first; or the last attempt's
  //                      connection closed under it and no time was left
  //   INTERNAL           the reply does not fit the request
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  // Ends the call early; `done` runs soon. Not on a gRPC thread.
  void Cancel() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void OnAttemptDone(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void Attempt() ABSL_LOCKS_EXCLUDED(mu_);
  // True when another attempt was scheduled.
  bool ScheduleRetry(const absl::StatusOr<ScoreReply>& outcome) ABSL_LOCKS_EXCLUDED(mu_);
  void Finish(absl::StatusOr<ScoreReply> outcome);

  // Constant after construction.
  const std::vector<v1::RewardService::StubInterface*> stubs_;  // Borrowed.
  const v1::ScoreRequest request_;
  const absl::Time deadline_;
  const RetryPolicy retry_;

  // Touched by the one attempt or timer that is under way.
  std::shared_ptr<ScoreCall> self_;  // Set from Start() to Finish().
  v1::ScoreResponse response_;
  Done done_;
  int failures_ = 0;
  absl::BitGen random_;

  Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  // Of the attempt under way. Shared with Cancel(), which must not hold mu_ when it enters gRPC.
  std::shared_ptr<grpc::ClientContext> context_ ABSL_GUARDED_BY(mu_);
  grpc::Alarm alarm_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_SCORE_CALL_H_
