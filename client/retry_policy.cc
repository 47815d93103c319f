#include "client/retry_policy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"

namespace assay::client {

absl::Status RetryPolicy::Validate() const {
  if (initial <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("retry.initial is ", absl::FormatDuration(initial), "; it must be above 0"));
  }
  if (max < initial || max == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "retry.max is ", absl::FormatDuration(max),
        "; it must be finite and at least retry.initial, ", absl::FormatDuration(initial)));
  }
  if (!(multiplier >= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("retry.multiplier is ", multiplier, "; it must be at least 1"));
  }
  if (max_attempts < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("retry.max_attempts is ", max_attempts, "; it must be at least 0"));
  }
  return absl::OkStatus();
}

bool IsRetryable(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return true;
  return absl::IsResourceExhausted(status) && RetryAfter(status).has_value();
}

bool IsRetryableCallEnd(const absl::Status& status) {
  return absl::IsCancelled(status) || IsRetryable(status);
}

absl::Status RetryableStatus(const absl::StatusOr<ScoreReply>& outcome) {
  if (!outcome.ok()) {
    return IsRetryableCallEnd(outcome.status()) ? outcome.status() : absl::OkStatus();
  }
  absl::Status why;
  for (const absl::StatusOr<Score>& result : outcome->results) {
    if (!IsRetryable(result.status())) continue;
    if (why.ok() || RetryAfter(why) < RetryAfter(result.status())) why = result.status();
  }
  return why;
}

absl::Duration Backoff(const RetryPolicy& policy, int failures, double random) {
  // The power may overflow to infinity, which the minimum takes back.
  const double grown =
      absl::ToDoubleSeconds(policy.initial) * std::pow(policy.multiplier, failures - 1);
  const double ceiling = std::min(absl::ToDoubleSeconds(policy.max), grown);
  return absl::Seconds(ceiling * random);
}

absl::Duration WaitBefore(const RetryPolicy& policy, const absl::Status& why, int failures,
                          double random) {
  const std::optional<absl::Duration> asked = RetryAfter(why);
  return asked.has_value() ? *asked * (1 + random / 4) : Backoff(policy, failures, random);
}

std::optional<absl::Time> NextAttempt(const RetryPolicy& policy, const absl::Status& why,
                                      int failures, double random, absl::Time now,
                                      absl::Time deadline) {
  if (why.ok()) return std::nullopt;
  if (policy.max_attempts > 0 && failures >= policy.max_attempts) return std::nullopt;
  const absl::Time next = now + WaitBefore(policy, why, failures, random);
  if (next >= deadline) return std::nullopt;
  return next;
}

}  // namespace assay::client
