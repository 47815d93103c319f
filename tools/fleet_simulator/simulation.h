// tools/fleet_simulator/simulation.h
// A fleet, its clients and a load, from the first request to the last answer.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_SIMULATION_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_SIMULATION_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/fleet_simulator/fleet.h"
#include "tools/fleet_simulator/fleet_client.h"
#include "tools/fleet_simulator/fleet_tally.h"
#include "tools/fleet_simulator/load_shape.h"
#include "tools/fleet_simulator/workload.h"

namespace assay::fleet {

struct SimulationOptions {
  FleetOptions fleet = {};
  FleetClientOptions client = {};
  // Client processes; each knows of its own calls alone, and calls go to them in turn. > 0.
  int clients = 1;
  // How old a client's list of replicas is, at most: one that became ready is called that much later.
  absl::Duration lookup_period = absl::Seconds(5);
  WorkloadOptions workload = {};
  LoadShape load = {};
  // Without load.rate: calls under way at a time, each followed by the next. > 0.
  int64_t concurrency = 16;
  // Calls sent in the warm-up are not counted. duration > 0.
  absl::Duration warm_up = absl::Seconds(10);
  absl::Duration duration = absl::Seconds(60);
  // A row of the timeline is so long; zero: there is none.
  absl::Duration timeline = absl::ZeroDuration();
  // Of everything; those of the parts count for nothing. Poisson arrivals at a constant rate are those
  // of `assay bench` with this seed.
  uint64_t seed = 1;

  // INVALID_ARGUMENT naming the flag, its value and its range, where two of them contradict.
  absl::Status Validate() const;
};

// `lengths` may be empty; see Workload. `options` are valid. Equal arguments give equal results.
FleetTally Simulate(const SimulationOptions& options, std::vector<LengthRow> lengths);

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_SIMULATION_H_
