// assay-fleet-simulator: how a fleet of servers would do under a load, without the fleet.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/figures.h"
#include "tools/fleet_simulator/fleet_flags.h"
#include "tools/fleet_simulator/fleet_report.h"
#include "tools/fleet_simulator/needed_replicas.h"

namespace assay::fleet {
namespace {

constexpr int kMostReplicas = 100000;

// The replicas that would compute the load without a pause, to begin the search with.
int Guess(const SimulationOptions& options, const std::vector<LengthRow>& lengths) {
  Workload workload(options.workload, lengths);
  double tokens = 0;
  for (int i = 0; i < 1000; ++i) tokens += static_cast<double>(workload.Next().computed_tokens());
  const double needed =
      options.load.rate * tokens / 1000 / options.fleet.replica.device.tokens_per_second;
  return std::clamp(static_cast<int>(needed) + 1, 1, kMostReplicas);
}

absl::Status FindReplicas(const std::vector<LengthRow>& lengths, double share,
                          SimulationOptions* options) {
  if (options->load.rate <= 0) {
    return absl::InvalidArgumentError(
        "--needed-for: needs --rate, a closed loop takes what it gets");
  }
  const int needed = NeededReplicas(Guess(*options, lengths), kMostReplicas, [&](int replicas) {
    options->fleet.replicas = replicas;
    const FleetTally tally = Simulate(*options, lengths);
    const double ok = static_cast<double>(tally.counted.of(Outcome::kOk)) /
                      static_cast<double>(std::max<int64_t>(1, tally.counted.calls()));
    std::cerr << client::CountOf(replicas, "replica") << ": " << client::Percent(ok) << " % ok\n";
    return ok >= share;
  });
  if (needed == 0) return absl::NotFoundError("no number of replicas answers so many in time");
  options->fleet.replicas = needed;
  return absl::OkStatus();
}

absl::Status Run(FleetFlags flags) {
  ASSAY_RETURN_IF_ERROR(flags.simulation.Validate());
  std::vector<LengthRow> lengths;
  if (!flags.lengths.empty()) {
    ASSAY_ASSIGN_OR_RETURN(lengths, ReadLengths(flags.lengths));
  }
  if (flags.needed_for > 0) {
    ASSAY_RETURN_IF_ERROR(FindReplicas(lengths, flags.needed_for, &flags.simulation));
  }
  const absl::Time began = absl::Now();
  const FleetTally tally = Simulate(flags.simulation, std::move(lengths));
  const absl::Duration taken = absl::Now() - began;
  if (flags.json) {
    client::Json json = {{"replicas", flags.simulation.fleet.replicas}};
    json.update(RenderFleetJson(flags.simulation, tally));
    std::cout << json.dump(2) << "\n";
  } else {
    std::cout << "simulated, " << client::CountOf(flags.simulation.fleet.replicas, "replica")
              << " at the beginning\n\n"
              << RenderFleetText(flags.simulation, tally);
  }
  std::cerr << client::Count(tally.events) << " events in " << client::Span(taken) << ", "
            << client::Rate(tally.sent, taken) << " requests simulated a second\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace assay::fleet

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  CLI::App app("Simulates a fleet of assay-servers under a load.");
  assay::fleet::FleetFlags flags;
  assay::fleet::AddFleetFlags(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = assay::fleet::Run(std::move(flags));
  if (status.ok()) return 0;
  std::cerr << "assay-fleet-simulator: " << status.message() << "\n";
  return absl::IsInvalidArgument(status) ? 2 : 1;
}
