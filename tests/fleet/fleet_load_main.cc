// tests/fleet/fleet_load_main.cc
// fleet-load: a load on a fleet that another program steers. Each line on standard input is answered
// by one line of JSON on standard output: "counts" tells the counts so far, "window" does and starts
// a new window for latency and silence. At the end of standard input no more calls begin, and when
// those under way have ended the last counts are told.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/reward_client.h"
#include "tests/fleet/fleet_load.h"

namespace assay::testing {
namespace {

struct Flags {
  std::string address;
  FleetLoadOptions load;
};

std::string Json(const FleetLoadCounts& counts) {
  nlohmann::json failed = nlohmann::json::object();
  for (const auto& [code, count] : counts.failed) failed[absl::StatusCodeToString(code)] = count;
  return nlohmann::json{
      {"calls", counts.calls},
      {"right", counts.right},
      {"wrong", counts.wrong},
      {"failed", failed},
      {"several", counts.several},
      {"without_outcome", counts.without_outcome},
      {"median_seconds", absl::ToDoubleSeconds(counts.latency.Percentile(50))},
      {"p99_seconds", absl::ToDoubleSeconds(counts.latency.Percentile(99))},
      {"longest_seconds", absl::ToDoubleSeconds(counts.latency.Percentile(100))},
      {"silence_seconds", absl::ToDoubleSeconds(counts.longest_silence)},
  }
      .dump();
}

int Run(const Flags& flags) {
  const auto client = client::RewardClient::Connect(flags.address);
  if (!client.ok()) {
    std::cerr << "fleet-load: " << client.status() << "\n";
    return 2;
  }
  FleetLoad load(client->get(), flags.load);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Json(load.Counts()) << std::endl;
    if (line == "window") load.NewWindow();
  }
  const FleetLoadCounts counts = load.End();
  std::cout << Json(counts) << std::endl;
  return counts.right == counts.calls ? 0 : 1;
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  CLI::App app(
      "A load on a fleet of assay-fake-server, through the product's client; every score is "
      "checked.",
      "fleet-load");
  app.footer(
      "Example: (sleep 10; echo counts; sleep 10) | fleet-load --address dns:///replicas:50051\n"
      "Exit code: 0 every call had its right scores; 1 one had not; 2 bad usage.");
  assay::testing::Flags flags;
  app.add_option("--address", flags.address, "The servers, as the client takes them")
      ->required()
      ->option_text("HOST:PORT,...");
  app.add_option_function<std::string>(
         "--kind",
         [&flags](const std::string& kind) {
           flags.load.kind =
               kind == "bulk" ? assay::testing::LoadKind::kBulk : assay::testing::LoadKind::kUnary;
         },
         "A call for each request, or one bulk run")
      ->check(CLI::IsMember({"unary", "bulk"}))
      ->option_text("{unary,bulk} [unary]");
  app.add_option("--concurrency", flags.load.concurrency,
                 "Requests under way; of a bulk run: for each server")
      ->check(CLI::Range(1, 4096))
      ->option_text("N [32]");
  app.add_option_function<double>(
         "--deadline", [&flags](double seconds) { flags.load.deadline = absl::Seconds(seconds); },
         "Of each request, with its retries")
      ->check(CLI::Range(0.001, 1e6))
      ->option_text("SECONDS [120]");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return assay::testing::Run(flags);
}
