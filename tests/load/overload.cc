// tests/load/overload.cc
// An open loop at ten times what a server can do, and how the server bears it: goodput, refusals,
// misses, memory, and how soon it is its old self. Capacity and normal latency are measured first.
// Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "client/figures.h"
#include "client/load_generator.h"
#include "client/load_report.h"
#include "tests/load/checked_request.h"
#include "tests/load/memory_slope.h"
#include "tests/load/server_process.h"
#include "tests/load/verdict.h"

namespace assay::testing {
namespace {

using client::Count;
using client::Latency;
using client::LoadTally;
using Clients = std::vector<std::unique_ptr<client::RewardClient>>;

struct Flags {
  double seconds = 60;
  double factor = 10;
  double deadline = 2;
  double tokens_per_second = 200'000;
  double goodput_bar = 0.9;
  double refusal_bar_ms = 5;
  double recovery = 5;
  double memory_bar_kib = 64;
  int connections = 8;
  std::vector<std::string> server_flags;
  bool outcomes_only = false;
};

constexpr RequestSize kSize = {.prompt_bytes = 190, .responses = 2, .response_bytes = 400};
// Requests of different phases must not be alike, or a server that remembers would answer for free.
constexpr int64_t kPhase = int64_t{1} << 32;

client::LoadCallbacks Callbacks(int64_t phase) {
  return {.source = [phase](int64_t i) { return CheckedRequest(phase * kPhase + i, kSize); },
          .is_right =
              [phase](int64_t i, const client::ScoreReply& reply) {
                return AllRight(CheckedRequest(phase * kPhase + i, kSize), reply);
              }};
}

int64_t Others(const LoadTally& tally) {
  int64_t others = 0;
  for (const auto& [code, count] : tally.others) others += count;
  return others;
}

class Overload {
 public:
  Overload(const Flags& flags, ServerProcess* server, const Clients& clients, const Clients& probes)
      : flags_(flags), server_(server), clients_(clients), probes_(probes) {}

  int Run() {
    const absl::Duration measure = absl::Seconds(std::clamp(flags_.seconds / 6, 0.5, 10.0));
    std::cerr << "measuring capacity and normal latency\n";
    const LoadTally full = RunLoad({.concurrency = 64,
                                    .warm_up = measure / 4,
                                    .duration = measure,
                                    .deadline = absl::Seconds(60)},
                                   Clock::Real(), clients_, Callbacks(0));
    const double capacity = full.goodput();
    if (full.ok == 0) return CannotRun("overload", absl::UnavailableError("nothing was answered"));
    const client::LoadOptions probe = {
        .rate = capacity / 5, .warm_up = measure / 4, .duration = measure};
    const LoadTally normal = RunLoad(probe, Clock::Real(), probes_, Callbacks(1));

    client::LoadCallbacks callbacks = Callbacks(3);
    callbacks.on_second = [this](const client::LoadProgress& progress) { Tell(progress); };
    const LoadTally tally = RunLoad({.rate = flags_.factor * capacity,
                                     .warm_up = absl::ZeroDuration(),
                                     .duration = absl::Seconds(flags_.seconds),
                                     .deadline = absl::Seconds(flags_.deadline)},
                                    Clock::Real(), clients_, callbacks);
    // The load's last requests were answered within their deadline of its end: what is sent from
    // `recovery` after that end on is counted.
    client::LoadOptions after = probe;
    after.warm_up = absl::Seconds(std::max(flags_.recovery - flags_.deadline, 0.0));
    after.duration = absl::Seconds(std::min(flags_.seconds, 5.0));
    const LoadTally recovered = RunLoad(after, Clock::Real(), probes_, Callbacks(2));
    server_->Signal(SIGTERM);
    return Judge(capacity, normal, tally, recovered, server_->Wait());
  }

 private:
  void Tell(const client::LoadProgress& progress) {
    const auto bytes = server_->ResidentBytes();
    if (bytes.ok()) memory_.Add(absl::ToDoubleSeconds(progress.elapsed), *bytes);
    std::cerr << client::Span(progress.elapsed) << ": " << Count(progress.tally->ok) << " ok, "
              << Count(progress.tally->refused) << " refused, " << Count(progress.tally->missed)
              << " missed, " << Count(progress.in_flight) << " under way, "
              << Count(bytes.value_or(0) >> 10) << " KiB\n";
  }

  int Judge(double capacity, const LoadTally& normal, const LoadTally& tally,
            const LoadTally& recovered, int exit_code) const {
    Verdict verdict(absl::StrFormat("overload: %.0f times capacity for %.0f s, deadline %.1f s",
                                    flags_.factor, flags_.seconds, flags_.deadline),
                    flags_.outcomes_only ? TimeBars::kTell : TimeBars::kHold);
    verdict.Tell("capacity, closed loop of 64", absl::StrFormat("%.1f requests/s", capacity));
    verdict.Tell("sent", Count(tally.counted));
    verdict.Tell("ok", Count(tally.ok));
    verdict.Tell("refused", Count(tally.refused));
    verdict.Tell("missed their deadline", Count(tally.missed));
    verdict.Tell("latency of ok, p50 / p99 / max",
                 absl::StrCat(Latency(tally.latency.Percentile(50)), " / ",
                              Latency(tally.latency.Percentile(99)), " / ",
                              Latency(tally.latency.Percentile(100))));
    verdict.Tell("sent late by, p99", Latency(tally.lateness.Percentile(99)));
    const int64_t wrong = normal.wrong + tally.wrong + recovered.wrong;
    verdict.Outcome("wrong scores", Count(wrong), "0", wrong == 0);
    verdict.Outcome("other outcomes", Count(Others(tally)), "0", Others(tally) == 0);
    verdict.Outcome("server's exit code after SIGTERM", absl::StrCat(exit_code), "0",
                    exit_code == 0);
    verdict.Measure("refusals that say how long to wait",
                    absl::StrCat(Count(tally.with_wait), " of ", Count(tally.refused)),
                    "all, and some", tally.refused > 0 && tally.with_wait == tally.refused);
    verdict.Measure("goodput", absl::StrFormat("%.3f of capacity", tally.goodput() / capacity),
                    absl::StrCat(flags_.goodput_bar),
                    tally.goodput() >= flags_.goodput_bar * capacity);
    const absl::Duration refusal = tally.refusal.Percentile(50);
    verdict.Measure("time to a refusal, median", Latency(refusal),
                    absl::StrCat("under ", flags_.refusal_bar_ms, " ms"),
                    tally.refused > 0 && refusal < absl::Milliseconds(flags_.refusal_bar_ms));
    const Slope slope = memory_.Fit(0.4);
    verdict.Measure(
        "memory slope of the server",
        absl::StrFormat("%.1f +- %.1f KiB/s, largest %s KiB", slope.per_unit / 1024,
                        slope.standard_error / 1024, Count(memory_.largest() >> 10)),
        absl::StrFormat("not above %.0f KiB/s by 3 standard errors", flags_.memory_bar_kib),
        slope.points > 0 && !slope.Exceeds(flags_.memory_bar_kib * 1024));
    const absl::Duration was = normal.latency.Percentile(99);
    const absl::Duration is = recovered.latency.Percentile(99);
    verdict.Tell("normal latency, p50 / p99",
                 absl::StrCat(Latency(normal.latency.Percentile(50)), " / ", Latency(was)));
    verdict.Measure(
        absl::StrFormat("latency from %.0f s after the load, p50 / p99", flags_.recovery),
        absl::StrCat(Latency(recovered.latency.Percentile(50)), " / ", Latency(is), ", ",
                     Count(recovered.counted - recovered.ok), " not ok"),
        "p99 at most twice the normal one and 20 ms, all ok",
        recovered.ok > 0 && recovered.ok == recovered.counted &&
            is <= 2 * was + absl::Milliseconds(20));
    return verdict.Print();
  }

  const Flags& flags_;
  ServerProcess* const server_;
  const Clients& clients_;
  const Clients& probes_;
  MemorySlope memory_;  // Over seconds of overload.
};

int Run(const Flags& flags) {
  const auto server = ServerProcess::Start(
      {.flags = flags.server_flags,
       .environment = {absl::StrCat("ASSAY_FAKE_TOKENS_PER_SECOND=", flags.tokens_per_second)}});
  if (!server.ok()) return CannotRun("overload", server.status());
  const auto clients = client::ConnectForLoad((*server)->address(), {}, flags.connections);
  const auto probes = client::ConnectForLoad((*server)->address(), {}, 1);
  if (!clients.ok()) return CannotRun("overload", clients.status());
  if (!probes.ok()) return CannotRun("overload", probes.status());
  return Overload(flags, server->get(), *clients, *probes).Run();
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  CLI::App app("An open loop at many times a server's capacity.", "overload");
  assay::testing::Flags flags;
  const auto add = [&](const char* name, double* value, const char* help) {
    app.add_option(name, *value, help)
        ->check(CLI::Range(0.001, 1e9))
        ->option_text("N [" + absl::StrFormat("%g", *value) + "]");
  };
  add("--seconds", &flags.seconds, "Of overload");
  add("--factor", &flags.factor, "Times the measured capacity");
  add("--deadline", &flags.deadline, "Seconds that each request has");
  add("--tokens-per-second", &flags.tokens_per_second, "Of the fake device; a request has 1,000");
  add("--goodput-bar", &flags.goodput_bar, "Least goodput, as a part of capacity");
  add("--refusal-bar", &flags.refusal_bar_ms, "Median time to a refusal, milliseconds");
  add("--recovery", &flags.recovery, "Seconds after which latency must be normal");
  add("--memory-bar", &flags.memory_bar_kib, "Growth of resident memory, KiB a second");
  app.add_option("--connections", flags.connections, "Requests go over them in turn")
      ->check(CLI::Range(1, 1024))
      ->option_text("N [8]");
  app.add_option("--server-flag", flags.server_flags,
                 "Passed on, e.g. --server-flag=--max-queued-tokens=200000")
      ->option_text("FLAG ...");
  app.add_flag("--outcomes-only", flags.outcomes_only, "Tell memory and time, hold only outcomes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return assay::testing::Run(flags);
}
