// client/retry_policy.h
// When to try again, as pure functions of the attempt, a random number and the time. Decides
// nothing about who retries what, and waits for nothing.
#ifndef ASSAY_CLIENT_RETRY_POLICY_H_
#define ASSAY_CLIENT_RETRY_POLICY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/types.h"

namespace assay::client {

// Exponential backoff with full jitter: the wait is uniform between 0 and a ceiling that grows, so
// that clients which failed together do not come back together.
struct RetryPolicy {
  absl::Duration initial = absl::Milliseconds(100);  // Ceiling of the first wait. > 0.
  absl::Duration max = absl::Seconds(5);             // Ceiling of every wait. >= initial, finite.
  double multiplier = 2;                             // Growth of the ceiling. >= 1.
  // Of one call, the first counted; 0: as many as its time allows. >= 0.
  int max_attempts = 0;

  // INVALID_ARGUMENT naming the field, its value and its range.
  absl::Status Validate() const;
};

// Whether the server did not do the work, and may soon:
//   UNAVAILABLE         always.
//   RESOURCE_EXHAUSTED  where a time to wait is said (RetryAfter()). Without one it is about a
//                       message or a conversation that will be too large the next time too.
// Any other code stays as it is.
bool IsRetryable(const absl::Status& status);

// Whether a call that ended with `status`, and that its owner did not cancel, may be made again: as
// IsRetryable(), and for CANCELLED, which gRPC itself says of a call that crosses the closing of
// its connection.
bool IsRetryableCallEnd(const absl::Status& status);

// The status for which `outcome` is worth another attempt: its own as IsRetryableCallEnd(), or, of
// the results in it that IsRetryable(), the one that asks for the longest wait. OK when there is
// none.
absl::Status RetryableStatus(const absl::StatusOr<ScoreReply>& outcome);

// The wait after failure number `failures`, 1 the first: random x min(max, initial x
// multiplier^(failures - 1)). `random` in [0, 1).
absl::Duration Backoff(const RetryPolicy& policy, int failures, double random);

// The wait after failure number `failures`, which was `why`: what the server asked for, and up to a
// quarter of it more (x random / 4), so that those it refused together do not come back together;
// where it asked for nothing, Backoff().
absl::Duration WaitBefore(const RetryPolicy& policy, const absl::Status& why, int failures,
                          double random);

// The moment of the next attempt after a failure for which RetryableStatus() said `why`; nullopt
// when that is OK, when no attempt is left, or when the wait would reach `deadline`.
std::optional<absl::Time> NextAttempt(const RetryPolicy& policy, const absl::Status& why,
                                      int failures, double random, absl::Time now,
                                      absl::Time deadline);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RETRY_POLICY_H_
