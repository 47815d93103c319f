// tools/fleet_simulator/fleet_flags.h
// The command line of assay-fleet-simulator. Decides nothing but what the flags mean.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_FLAGS_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_FLAGS_H_

#include <string>

#include "tools/fleet_simulator/simulation.h"

namespace CLI {
class App;
}

namespace assay::fleet {

struct FleetFlags {
  SimulationOptions simulation = {};
  std::string lengths = {};  // A file; empty: fixed lengths.
  // Not 0: finds the number of replicas for which so many of 1 are answered OK.
  double needed_for = 0;
  bool json = false;
};

// `flags` outlives the parsing.
void AddFleetFlags(CLI::App* app, FleetFlags* flags);

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_FLAGS_H_
