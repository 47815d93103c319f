#include "client/retry_policy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

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
  return absl::OkStatus();
}

bool IsRetryable(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kResourceExhausted;
}

absl::StatusCode RetryableCode(const absl::StatusOr<ScoreReply>& outcome) {
  if (!outcome.ok()) {
    return IsRetryable(outcome.status().code()) ? outcome.status().code() : absl::StatusCode::kOk;
  }
  for (const absl::StatusOr<Score>& result : outcome->results) {
    if (IsRetryable(result.status().code())) return result.status().code();
  }
  return absl::StatusCode::kOk;
}

absl::Duration Backoff(const RetryPolicy& policy, int failures, double random) {
  // The power may overflow to infinity, which the minimum takes back.
  const double grown =
      absl::ToDoubleSeconds(policy.initial) * std::pow(policy.multiplier, failures - 1);
  const double ceiling = std::min(absl::ToDoubleSeconds(policy.max), grown);
  return absl::Seconds(ceiling * random);
}

std::optional<absl::Time> NextAttempt(const RetryPolicy& policy, absl::StatusCode code,
                                      int failures, double random, absl::Time now,
                                      absl::Time deadline) {
  if (!IsRetryable(code)) return std::nullopt;
  const absl::Time next = now + Backoff(policy, failures, random);
  if (next >= deadline) return std::nullopt;
  return next;
}

}  // namespace assay::client
