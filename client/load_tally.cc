#include "client/load_tally.h"

#include <algorithm>

#include "base/retry_after.h"

namespace assay::client {
namespace {

absl::Status StatusOf(const absl::StatusOr<ScoreReply>& outcome) {
  if (!outcome.ok()) return outcome.status();
  for (const absl::StatusOr<Score>& result : outcome->results) {
    if (!result.ok()) return result.status();
  }
  return absl::OkStatus();
}

double PerSecond(int64_t count, absl::Duration elapsed) {
  return elapsed > absl::ZeroDuration()
             ? static_cast<double>(count) / absl::ToDoubleSeconds(elapsed)
             : 0;
}

}  // namespace

void LoadTally::Count(const absl::StatusOr<ScoreReply>& outcome, const RequestTimes& times) {
  CountTimes(times);
  const absl::Status status = StatusOf(outcome);
  if (status.ok()) {
    ++ok;
    latency.Add(times.answered - times.intended);
    for (const absl::StatusOr<Score>& result : outcome->results) {
      input_tokens += result->input_tokens;
    }
    stages.wait_encode += outcome->times.wait_encode;
    stages.encode += outcome->times.encode;
    stages.queue += outcome->times.queue;
    stages.forward += outcome->times.forward;
  } else if (absl::IsResourceExhausted(status)) {
    ++refused;
    if (RetryAfter(status).has_value()) ++with_wait;
    refusal.Add(times.answered - times.sent);
  } else if (absl::IsDeadlineExceeded(status)) {
    ++missed;
  } else {
    ++others[status.code()];
  }
}

void LoadTally::CountWrong(const RequestTimes& times) {
  CountTimes(times);
  ++wrong;
}

void LoadTally::CountTimes(const RequestTimes& times) {
  ++counted;
  lateness.Add(times.sent - times.intended);
  began = std::min(began, times.intended);
  ended = std::max(ended, times.answered);
}

absl::Duration LoadTally::elapsed() const {
  return counted > 0 ? ended - began : absl::ZeroDuration();
}
double LoadTally::goodput() const { return PerSecond(ok, elapsed()); }
double LoadTally::tokens_per_second() const { return PerSecond(input_tokens, elapsed()); }

}  // namespace assay::client
