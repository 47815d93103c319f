#include "tools/fleet_simulator/fleet_tally.h"

#include <algorithm>
#include <numeric>

namespace assay::fleet {

void CallTally::Count(const CallReport& report) {
  ++outcomes[static_cast<size_t>(report.outcome)];
  tries += report.tries;
  if (report.outcome != Outcome::kOk) return;
  latency.Add(report.ended - report.sent);
  ok_tokens += report.computed_tokens;
}

int64_t CallTally::calls() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), int64_t{0});
}

absl::Duration FleetTally::elapsed() const {
  return counted.calls() == 0 ? absl::ZeroDuration() : last - began;
}

double FleetTally::goodput() const {
  const double seconds = absl::ToDoubleSeconds(elapsed());
  return seconds > 0 ? static_cast<double>(counted.of(Outcome::kOk)) / seconds : 0;
}

double FleetTally::tokens_per_second() const {
  const double seconds = absl::ToDoubleSeconds(elapsed());
  return seconds > 0 ? static_cast<double>(counted.ok_tokens) / seconds : 0;
}

double FleetTally::utilisation() const {
  return tokens_possible > 0 ? computed_tokens / tokens_possible : 0;
}

}  // namespace assay::fleet
