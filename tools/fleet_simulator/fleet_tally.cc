#include "tools/fleet_simulator/fleet_tally.h"

#include <numeric>

namespace assay::fleet {

void CallTally::Count(const CallReport& report) {
  ++outcomes[static_cast<size_t>(report.outcome)];
  tries += report.tries;
  if (report.outcome != Outcome::kOk) return;
  latency.Add(report.ended - report.sent);
}

int64_t CallTally::calls() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), int64_t{0});
}

double FleetTally::goodput() const {
  return static_cast<double>(answered) / absl::ToDoubleSeconds(window);
}

double FleetTally::tokens_per_second() const {
  return static_cast<double>(answered_tokens) / absl::ToDoubleSeconds(window);
}

double FleetTally::utilisation() const {
  return tokens_possible > 0 ? computed_tokens / tokens_possible : 0;
}

}  // namespace assay::fleet
