// tests/load/sigterm_under_load.cc
// Stops a server under full load, many times: every request is answered, what was accepted with its
// right scores and what was not with UNAVAILABLE (or gRPC's own CANCELLED, for a call that crosses
// the closing of its connection), and the server's device scored exactly what clients received.
// Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "client/figures.h"
#include "client/load_generator.h"
#include "client/load_report.h"
#include "tests/load/checked_request.h"
#include "tests/load/server_process.h"
#include "tests/load/verdict.h"

namespace assay::testing {
namespace {

using client::Count;

struct Flags {
  int64_t times = 50;
  int clients = 32;
  int64_t before = 300;
  double tokens_per_second = 400'000;
  double stop_bar = 10;
  std::vector<std::string> server_flags;
  bool outcomes_only = false;
};

constexpr RequestSize kSize = {.prompt_bytes = 60, .responses = 2, .response_bytes = 100};

struct Counts {
  int64_t right = 0;
  int64_t wrong = 0;
  int64_t unavailable = 0;
  int64_t cancelled = 0;
  int64_t others = 0;
};

// One server's life.
class Round {
 public:
  Round(const std::string& address, int64_t before, int64_t first_index)
      : address_(address), before_(before), next_index_(first_index) {}

  // Blocks until `before` requests have their scores, or a client has given up.
  void Start(int clients) ABSL_LOCKS_EXCLUDED(mu_) {
    for (int i = 0; i < clients; ++i) threads_.emplace_back([this] { RunClient(); });
    MutexLock lock(&mu_);
    while (counts_.right < before_ && ended_ == 0) changed_.wait(mu_);
  }
  // Blocks until every client met the server's end.
  Counts End() ABSL_LOCKS_EXCLUDED(mu_) {
    for (std::thread& thread : threads_) thread.join();
    MutexLock lock(&mu_);
    return counts_;
  }

 private:
  void RunClient() ABSL_LOCKS_EXCLUDED(mu_) {
    const auto client = client::ConnectForLoad(address_, {}, 1);
    // The connection stands before the load begins: a server that stops meets calls, not dials.
    bool go_on = client.ok() && client->at(0)->GetModel(absl::Seconds(20)).ok();
    while (go_on) {
      const client::ScoreRequest request = CheckedRequest(next_index_++, kSize);
      const auto reply = client->at(0)->Score(request, absl::Minutes(2));
      go_on = reply.ok();
      Tally(reply.status(), reply.ok() && AllRight(request, *reply));
    }
    MutexLock lock(&mu_);
    ++ended_;
    changed_.notify_all();
  }

  void Tally(const absl::Status& status, bool right) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    if (status.ok()) {
      ++(right ? counts_.right : counts_.wrong);
      changed_.notify_all();
    } else if (absl::IsUnavailable(status)) {
      ++counts_.unavailable;
    } else if (absl::IsCancelled(status)) {
      ++counts_.cancelled;
    } else {
      ++counts_.others;
      std::cerr << status << "\n";
    }
  }

  const std::string address_;
  const int64_t before_;
  std::atomic<int64_t> next_index_;
  std::vector<std::thread> threads_;

  Mutex mu_;
  CondVar changed_;
  Counts counts_ ABSL_GUARDED_BY(mu_);
  int ended_ ABSL_GUARDED_BY(mu_) = 0;
};

int Run(const Flags& flags) {
  const std::string report =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/assay_sigterm_", getpid());
  Counts sum;
  int64_t scored = 0;
  int64_t unequal_rounds = 0;
  int64_t bad_exits = 0;
  client::LatencySamples stops;
  for (int64_t i = 0; i < flags.times; ++i) {
    const auto server = ServerProcess::Start(
        {.flags = flags.server_flags,
         .environment = {absl::StrCat("ASSAY_FAKE_TOKENS_PER_SECOND=", flags.tokens_per_second),
                         absl::StrCat("ASSAY_FAKE_REPORT=", report)}});
    if (!server.ok()) return CannotRun("sigterm_under_load", server.status());
    // Another moment each time.
    Round round((*server)->address(), flags.before + 37 * i % flags.before, i << 32);
    round.Start(flags.clients);
    const absl::Time stop = Clock::Real()->Now();
    (*server)->Signal(SIGTERM);
    const int exit_code = (*server)->Wait();
    stops.Add(Clock::Real()->Now() - stop);
    const Counts counts = round.End();
    int64_t by_device = -1;
    std::ifstream(report) >> by_device;
    std::filesystem::remove(report);
    sum.right += counts.right;
    sum.wrong += counts.wrong;
    sum.unavailable += counts.unavailable;
    sum.cancelled += counts.cancelled;
    sum.others += counts.others;
    scored += by_device;
    if (by_device != counts.right + counts.wrong) ++unequal_rounds;
    if (exit_code != 0) ++bad_exits;
    std::cerr << "stop " << i + 1 << ": " << Count(counts.right) << " answered, "
              << Count(by_device) << " scored by the device, " << Count(counts.unavailable)
              << " refused, exit code " << exit_code << "\n";
  }

  Verdict verdict(absl::StrCat("sigterm_under_load: ", flags.times, " stops, ", flags.clients,
                               " clients without a pause"),
                  flags.outcomes_only ? TimeBars::kTell : TimeBars::kHold);
  verdict.Tell("answered with the right scores", Count(sum.right));
  verdict.Tell("refused with UNAVAILABLE", Count(sum.unavailable));
  verdict.Tell("crossed the closing of their connection", Count(sum.cancelled));
  verdict.Outcome("clients that met the end", Count(sum.unavailable + sum.cancelled),
                  Count(flags.times * flags.clients),
                  sum.unavailable + sum.cancelled == flags.times * flags.clients);
  verdict.Outcome("scored by the device and not answered", Count(scored - sum.right - sum.wrong),
                  "0, in every stop", unequal_rounds == 0);
  verdict.Outcome("wrong scores", Count(sum.wrong), "0", sum.wrong == 0);
  verdict.Outcome("other errors", Count(sum.others), "0", sum.others == 0);
  verdict.Outcome("exit codes that are not 0", Count(bad_exits), "0", bad_exits == 0);
  verdict.Measure("from SIGTERM to the end, median / longest",
                  absl::StrCat(client::Latency(stops.Percentile(50)), " / ",
                               client::Latency(stops.Percentile(100))),
                  absl::StrCat("longest under ", flags.stop_bar, " s"),
                  stops.Percentile(100) < absl::Seconds(flags.stop_bar));
  return verdict.Print();
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  CLI::App app("Stops a server under full load, many times.", "sigterm_under_load");
  assay::testing::Flags flags;
  app.add_option("--times", flags.times, "Servers to start and stop")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->option_text("N [50]");
  app.add_option("--clients", flags.clients, "Threads with a connection each")
      ->check(CLI::Range(1, 4096))
      ->option_text("N [32]");
  app.add_option("--before", flags.before, "Answers before the stop, at least")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30))
      ->option_text("N [300]");
  app.add_option("--tokens-per-second", flags.tokens_per_second, "Of the fake device")
      ->option_text("N [400000]");
  app.add_option("--stop-bar", flags.stop_bar, "Longest stop, seconds")->option_text("N [10]");
  app.add_option("--server-flag", flags.server_flags, "Passed on to the server")
      ->option_text("FLAG ...");
  app.add_flag("--outcomes-only", flags.outcomes_only, "Tell time, hold only outcomes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return assay::testing::Run(flags);
}
