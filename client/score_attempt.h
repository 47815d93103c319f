// client/score_attempt.h
// One attempt of a Score call on one replica. Knows nothing of other attempts.
#ifndef ASSAY_CLIENT_SCORE_ATTEMPT_H_
#define ASSAY_CLIENT_SCORE_ATTEMPT_H_

#include <grpcpp/client_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "client/replica.h"
#include "client/types.h"

namespace assay::client {

// Thread-safe. Counts among its replica's outstanding calls from Start() until it ended.
class ScoreAttempt : public std::enable_shared_from_this<ScoreAttempt> {
 public:
  using Ended = std::function<void(absl::StatusOr<ScoreReply>)>;

  // `prompt_hash` travels as metadata (prompt_hash.h).
  ScoreAttempt(std::shared_ptr<Replica> replica, absl::Time deadline,
               std::optional<uint64_t> prompt_hash);

  // Once; keeps itself alive until `ended` has run, and borrows the request as long. `ended` runs
  // once, on a gRPC thread, when the attempt holds neither replica nor channel any more: gRPC
  // aborts where a channel's last reference goes on its own thread, which is therefore never this
  // one's.
  void Start(const v1::ScoreRequest& request, Ended ended) ABSL_LOCKS_EXCLUDED(mu_);

  // Ends the attempt with CANCELLED, soon. Before Start(), too. Holds the channel until it returns.
  void Cancel() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void OnDone(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  // Touched by Start(), then by OnDone().
  std::shared_ptr<ScoreAttempt> self_;
  v1::ScoreResponse response_;
  int responses_ = 0;
  Ended ended_;

  Mutex mu_;
  std::shared_ptr<Replica> replica_ ABSL_GUARDED_BY(mu_);  // Null: ended.
  // Shared with Cancel(), which must not hold mu_ when it enters gRPC.
  std::shared_ptr<grpc::ClientContext> context_ ABSL_GUARDED_BY(mu_);  // Null: ended.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_SCORE_ATTEMPT_H_
