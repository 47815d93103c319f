#include "client/load_tally.h"

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

}  // namespace

void LoadTally::Count(const absl::StatusOr<ScoreReply>& outcome, const RequestTimes& times) {
  const absl::Status status = StatusOf(outcome);
  if (status.ok() && times.answered >= from && times.answered < until) {
    ++answered;
    for (const absl::StatusOr<Score>& result : outcome->results) {
      answered_tokens += result->input_tokens;
    }
  }
  if (!CountTimes(times)) return;
  if (status.ok()) {
    ++ok;
    latency.Add(times.answered - times.intended);
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
  if (CountTimes(times)) ++wrong;
}

bool LoadTally::CountTimes(const RequestTimes& times) {
  if (times.intended < from || times.intended >= until) return false;
  ++counted;
  lateness.Add(times.sent - times.intended);
  return true;
}

double LoadTally::goodput() const {
  return static_cast<double>(answered) / absl::ToDoubleSeconds(window());
}

double LoadTally::tokens_per_second() const {
  return static_cast<double>(answered_tokens) / absl::ToDoubleSeconds(window());
}

}  // namespace assay::client
