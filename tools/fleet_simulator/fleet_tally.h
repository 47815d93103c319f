// tools/fleet_simulator/fleet_tally.h
// What came of a simulated run, counted. Decides nothing.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_TALLY_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_TALLY_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "client/latency_samples.h"
#include "tools/fleet_simulator/fleet_client.h"

namespace assay::fleet {

constexpr size_t kOutcomes = 4;

// Calls by what became of them, and how long those that were answered took.
struct CallTally {
  std::array<int64_t, kOutcomes> outcomes = {};  // By Outcome.
  client::LatencySamples latency = {};           // Of kOk.
  int64_t tries = 0;

  void Count(const CallReport& report);
  int64_t of(Outcome outcome) const { return outcomes[static_cast<size_t>(outcome)]; }
  int64_t calls() const;
};

// The fleet at the end of a stretch of time, and the calls that ended in it.
struct TimelineRow {
  absl::Duration until;
  int ready = 0;
  int starting = 0;
  int64_t queued_tokens = 0;
  int64_t sent = 0;
  CallTally ended = {};
};

struct FleetTally {
  CallTally counted = {};  // Of the calls sent after the warm-up.
  int64_t sent = 0;        // All, warm-up included.
  int64_t ended = 0;
  // The window in which counted calls are sent, and what was answered OK in it, whenever it was
  // sent.
  absl::Duration window = {};
  int64_t answered = 0;
  int64_t answered_tokens = 0;  // Computed tokens.
  // Integrals over the window.
  double call_seconds = 0;     // Calls under way x time.
  double replica_seconds = 0;  // Replicas paid for x time.
  double computed_tokens = 0;  // Of all replicas.
  double tokens_possible = 0;  // What the paid replicas could have computed.
  int64_t passes = 0;
  int64_t refusals = 0;  // By replicas; a call may meet several.
  int64_t hedges = 0;
  int broken = 0;
  int most_replicas = 0;  // Ready at a time.
  int64_t events = 0;
  std::vector<TimelineRow> timeline = {};

  double goodput() const;  // `answered` a second of the window.
  double tokens_per_second() const;
  double utilisation() const;  // 0..1.
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_TALLY_H_
