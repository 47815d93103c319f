// tests/load/million_requests.cc
// 1,000,000 requests by 64 clients with random cancellations, deadlines, sizes and dropped
// connections against a server process: one outcome each, no wrong score, no growth of memory.
// --leak BYTES makes the server lose so much for every request, which must then be found.
// Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "client/figures.h"
#include "tests/load/memory_slope.h"
#include "tests/load/random_load.h"
#include "tests/load/server_process.h"
#include "tests/load/verdict.h"

namespace assay::testing {
namespace {

using client::Count;

struct Flags {
  int64_t requests = 1'000'000;
  int clients = 64;
  uint64_t seed = 1;
  int64_t drop_one_in = 50;
  double tokens_per_second = 0;
  int64_t leak = 0;
  double slope_bar = 1000;
  double skip = 0.4;
  bool outcomes_only = false;
};

std::string SlopeText(const Slope& slope) {
  return absl::StrFormat("%.0f +- %.0f bytes per 1,000 requests (%d points)", slope.per_unit * 1000,
                         slope.standard_error * 1000, slope.points);
}

int Run(const Flags& flags) {
  const auto server = ServerProcess::Start(
      {.environment = {absl::StrCat("ASSAY_FAKE_TOKENS_PER_SECOND=", flags.tokens_per_second),
                       absl::StrCat("ASSAY_FAKE_LEAK_BYTES=", flags.leak),
                       "ASSAY_FAKE_WORKERS=2"}});
  if (!server.ok()) return CannotRun("million_requests", server.status());

  MemorySlope memory;
  const absl::Time began = Clock::Real()->Now();
  absl::Time told = began;
  const RandomLoadCounts counts =
      RunRandomLoad({.address = (*server)->address(),
                     .requests = flags.requests,
                     .clients = flags.clients,
                     .seed = flags.seed,
                     .drop_one_in = flags.drop_one_in,
                     .step = std::max<int64_t>(flags.requests / 500, 1),
                     .on_step = [&](int64_t answered) {
                       const auto bytes = (*server)->ResidentBytes();
                       if (bytes.ok()) memory.Add(static_cast<double>(answered), *bytes);
                       const absl::Time now = Clock::Real()->Now();
                       if (now < told + absl::Seconds(5)) return;
                       told = now;
                       std::cerr << Count(answered) << " answered, "
                                 << Count(bytes.value_or(0) >> 10) << " KiB resident\n";
                     }});
  const absl::Duration elapsed = Clock::Real()->Now() - began;
  (*server)->Signal(SIGTERM);
  const int exit_code = (*server)->Wait();
  const Slope slope = memory.Fit(flags.skip);

  Verdict verdict(absl::StrCat("million_requests: ", Count(flags.requests), " requests, ",
                               flags.clients, " clients, seed ", flags.seed),
                  flags.outcomes_only ? TimeBars::kTell : TimeBars::kHold);
  verdict.Tell("right scores", Count(counts.right));
  verdict.Tell("cancelled by the client", Count(counts.cancelled));
  verdict.Tell("short deadlines passed", Count(counts.expired));
  verdict.Tell("refused", Count(counts.refused));
  verdict.Tell("connections dropped", Count(counts.drops));
  verdict.Tell("requests a second", client::Rate(flags.requests, elapsed));
  const auto none = [&](const char* name, int64_t count) {
    verdict.Outcome(name, Count(count), "0", count == 0);
  };
  none("without an outcome", counts.without_outcome);
  none("with several outcomes", counts.with_several);
  none("wrong scores", counts.wrong);
  none("cancelled by nobody", counts.unasked);
  none("late by a deadline of a minute", counts.late);
  none("UNAVAILABLE", counts.unavailable);
  none("other errors", counts.others);
  verdict.Outcome("server's exit code after SIGTERM", absl::StrCat(exit_code), "0", exit_code == 0);
  verdict.Tell("largest resident memory", absl::StrCat(Count(memory.largest() >> 10), " KiB"));
  if (flags.leak == 0) {
    verdict.Measure("memory slope", SlopeText(slope),
                    absl::StrFormat("not above %.0f by 3 standard errors", flags.slope_bar),
                    slope.points > 0 && !slope.Exceeds(flags.slope_bar / 1000));
  } else {
    verdict.Outcome("memory slope of a server that leaks", SlopeText(slope),
                    absl::StrFormat("found: above %.0f by 3 standard errors", flags.slope_bar),
                    slope.Exceeds(flags.slope_bar / 1000));
  }
  return verdict.Print();
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  CLI::App app("Clients that behave badly, and a server that must not.", "million_requests");
  assay::testing::Flags flags;
  app.add_option("--requests", flags.requests, "How many")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
      ->option_text("N [1000000]");
  app.add_option("--clients", flags.clients, "Threads with a connection each")
      ->check(CLI::Range(1, 4096))
      ->option_text("N [64]");
  app.add_option("--seed", flags.seed, "Of everything random")->option_text("N [1]");
  app.add_option("--drop-one-in", flags.drop_one_in,
                 "Bursts of calls of which one ends with its connection dropped; 0: none")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 30))
      ->option_text("N [50]");
  app.add_option("--tokens-per-second", flags.tokens_per_second,
                 "Of each of two devices; 0: as fast as it goes")
      ->option_text("N [0]");
  app.add_option("--leak", flags.leak, "Bytes that the server loses for every request")
      ->option_text("BYTES [0]");
  app.add_option("--slope-bar", flags.slope_bar, "Bytes per 1,000 requests")
      ->option_text("BYTES [1000]");
  app.add_option("--skip", flags.skip, "Part of the run before memory counts")
      ->check(CLI::Range(0.0, 0.9))
      ->option_text("0..0.9 [0.4]");
  app.add_flag("--outcomes-only", flags.outcomes_only, "Tell memory and time, hold only outcomes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return assay::testing::Run(flags);
}
