// tools/fleet_simulator/fleet_report.h
// A simulated run as a person or a program reads it. Pure functions; equal runs give equal bytes.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_REPORT_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_REPORT_H_

#include <string>

#include "client/json_row.h"
#include "tools/fleet_simulator/simulation.h"

namespace assay::fleet {

std::string RenderFleetText(const SimulationOptions& options, const FleetTally& tally);

// Times in seconds; "latency" is null where no call was answered OK, "timeline" absent where none was
// kept.
client::Json RenderFleetJson(const SimulationOptions& options, const FleetTally& tally);

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_REPORT_H_
