// client/score_call.h
// One Score call: which replica is asked when, over all its attempts; the waits between them, the
// deadline over all of it, cancellation. Decides nothing about what is asked. Waits take no thread:
// they are gRPC's timers, and time is therefore the machine's.
//
// An attempt that failed for a reason that RetryableStatus() knows is made again: at once on a
// replica that this call has not met and that is not known to fail, kOthersAtOnce of them at most,
// so that an overload of all is not multiplied by their number; then after the wait that the
// soonest of them asked for, else with backoff, and so on while that ends before the deadline. A
// replica that died under an attempt is such a reason: scoring changes nothing, so that it may be
// done twice.
//
// An attempt that has no answer for HedgeOptions::after is joined by one on another replica, once a
// call. While the budget allows none, or no other is ready, it is looked at again after waits that
// double. The first outcome that is not worth a retry is the call's; the other attempt is cancelled.
#ifndef ASSAY_CLIENT_SCORE_CALL_H_
#define ASSAY_CLIENT_SCORE_CALL_H_

#include <grpcpp/alarm.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "client/hedge_budget.h"
#include "client/replica_set.h"
#include "client/retry_policy.h"
#include "client/score_attempt.h"
#include "client/types.h"

namespace assay::client {

struct ScoreCallOptions {
  absl::Time deadline;  // Of the whole call.
  RetryPolicy retry = {};
  // For a call that should keep to one replica (replica_set.h); sent as metadata, too.
  std::optional<uint64_t> prompt_hash = {};
  absl::Duration hedge_after = absl::InfiniteDuration();
  HedgeBudget* hedge_budget = nullptr;  // Borrowed until `done` has run; null: no hedges.
};

// Thread-safe. Keeps itself alive from Start() until `done` has run.
class ScoreCall : public std::enable_shared_from_this<ScoreCall> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<ScoreReply>) &&>;
  static constexpr int kOthersAtOnce = 3;  // Between two waits.

  // Borrows `replicas` until `done` has run.
  ScoreCall(ReplicaSet* replicas, v1::ScoreRequest request, const ScoreCallOptions& options,
            Done done);

  // Once. `done` runs exactly once, on a gRPC thread or, where no replica is known and no time to
  // wait for one is left, on this one; no attempt is under way then. Errors:
  //   the server's codes unchanged; UNAVAILABLE also where there is no server, or none is known
  //   DEADLINE_EXCEEDED  at the deadline
  //   CANCELLED          after Cancel(), unless another outcome came first; or the last attempt's
  //                      connection closed under it and no time was left
  //   INTERNAL           the reply does not fit the request
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  // Ends the call early; `done` runs soon. Not on a gRPC thread.
  void Cancel() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Outcome = absl::StatusOr<ScoreReply>;

  // The replica to try next, and whether this call has not met it and it is not known to fail.
  struct Candidate {
    std::shared_ptr<Replica> replica;  // Null: none is known.
    bool fresh = false;
  };
  Candidate Next() ABSL_LOCKS_EXCLUDED(mu_);

  // Whoever acts on the call does so between these two, and holds replicas and contexts nowhere
  // else: the call, and with it perhaps its client, ends in the last Leave().
  void Enter() ABSL_LOCKS_EXCLUDED(mu_);
  void Leave() ABSL_LOCKS_EXCLUDED(mu_);

  // The next attempt; where no replica is known, a wait for one.
  void Try() ABSL_LOCKS_EXCLUDED(mu_);
  void TryOn(const std::shared_ptr<Replica>& replica) ABSL_LOCKS_EXCLUDED(mu_);
  void Start(const std::shared_ptr<ScoreAttempt>& attempt);
  void TakeEnd(const ScoreAttempt* attempt, Outcome outcome) ABSL_LOCKS_EXCLUDED(mu_);
  // After a failure, `outcome`, with no attempt under way.
  void TryAgain(Outcome outcome) ABSL_LOCKS_EXCLUDED(mu_);
  void TryLater(Outcome outcome) ABSL_LOCKS_EXCLUDED(mu_);
  // After `wait` OnSilence(), unless the call ends first. Returns the timer before this one, which
  // must not end under the lock.
  std::unique_ptr<grpc::Alarm> WatchSilence(const std::shared_ptr<ScoreAttempt>& attempt,
                                            absl::Duration wait) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnSilence(const std::shared_ptr<ScoreAttempt>& attempt, absl::Duration waited)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Another attempt beside `attempt`, which has no answer yet; none where it cannot be made now.
  void Hedge(const ScoreAttempt* attempt) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether `attempt` is all that is under way, and may be hedged.
  bool MayBeHedged(const ScoreAttempt* attempt) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CountFailure(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Decide(Outcome outcome) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  ReplicaSet* const replicas_;  // Borrowed.
  const v1::ScoreRequest request_;
  const ScoreCallOptions options_;

  // Touched by who starts the call, by who ends it, and between them by the one that acts while no
  // attempt is under way.
  std::shared_ptr<ScoreCall> self_;  // Set from Start() to the end.
  Done done_;
  absl::BitGen random_;
  int at_once_ = 0;  // Attempts made at once since the last wait.
  int waits_ = 0;

  Mutex mu_;
  std::vector<std::shared_ptr<ScoreAttempt>> attempts_ ABSL_GUARDED_BY(mu_);  // Under way; 0..2.
  ReplicaList tried_ ABSL_GUARDED_BY(mu_);  // Those met; begun anew when all were.
  int failures_ ABSL_GUARDED_BY(mu_) = 0;
  // Since the last wait, the failure that asks for the shortest one; OK: none.
  absl::Status soonest_ ABSL_GUARDED_BY(mu_);
  // Each wait has an alarm of its own: one whose callback still runs cannot be set again.
  std::shared_ptr<grpc::Alarm> next_try_ ABSL_GUARDED_BY(mu_);  // Shared with Cancel().
  std::unique_ptr<grpc::Alarm> silence_ ABSL_GUARDED_BY(mu_);   // Of the last attempt.
  bool hedged_ ABSL_GUARDED_BY(mu_) = false;                    // False, then true for good.
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;                 // False, then true for good.
  std::optional<Outcome> outcome_ ABSL_GUARDED_BY(mu_);         // The call's, once it is known.
  bool finished_ ABSL_GUARDED_BY(mu_) = false;                  // False, then true for good.
  int busy_ ABSL_GUARDED_BY(mu_) = 0;                           // Enter() without Leave().
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_SCORE_CALL_H_
