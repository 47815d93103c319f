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

  // INVALID_ARGUMENT naming the field, its value and its range.
  absl::Status Validate() const;
};

// UNAVAILABLE and RESOURCE_EXHAUSTED: the server did not do the work, and may soon. Any other code
// stays as it is.
bool IsRetryable(absl::StatusCode code);

// The code for which `outcome` is worth another attempt: its own, or that of a result in it; OK
// when there is none.
absl::StatusCode RetryableCode(const absl::StatusOr<ScoreReply>& outcome);

// The wait after failure number `failures`, 1 the first: random x min(max, initial x
// multiplier^(failures - 1)). `random` in [0, 1).
absl::Duration Backoff(const RetryPolicy& policy, int failures, double random);

// The moment of the next attempt; nullopt when the code is not retried, or when the wait would
// reach `deadline`.
std::optional<absl::Time> NextAttempt(const RetryPolicy& policy, absl::StatusCode code,
                                      int failures, double random, absl::Time now,
                                      absl::Time deadline);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RETRY_POLICY_H_
