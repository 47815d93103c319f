#include "client/commands/bench.h"

#include <CLI/CLI.hpp>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "client/commands/scoring_flags.h"
#include "client/figures.h"
#include "client/load_report.h"

namespace assay::client {
namespace {

constexpr const char* kExample = R"(Examples:
  assay bench --concurrency 32 --duration 30            as fast as it answers: its capacity
  assay bench --rate 200 --deadline 2 --duration 60     200 requests a second, come what may
  assay bench --address dns:///assay-headless:50051 --affinity prompt --hedge-after 0.5

With --rate, latency counts from when a request should have been sent, so that a server that stalls
is charged for all who would have waited. Requests are tried once, on one server or, with
--hedge-after, on two.
Exit code: 0 measured; 1 no server, or no request was answered; 2 bad usage.)";

void AddSeconds(CLI::App* command, const char* flag, const char* help, double least,
                absl::Duration* value) {
  command
      ->add_option_function<double>(
          flag, [value](double seconds) { *value = absl::Seconds(seconds); }, help)
      ->check(CLI::Range(least, 1e6))
      ->option_text(absl::StrCat("SECONDS [", absl::ToDoubleSeconds(*value), "]"));
}

void AddCount(CLI::App* command, const char* flag, const char* help, int64_t least, int64_t most,
              int64_t* value) {
  command->add_option(flag, *value, help)
      ->check(CLI::Range(least, most))
      ->option_text(absl::StrCat("N [", *value, "]"));
}

std::string ProgressOf(const LoadProgress& progress) {
  const LoadTally& tally = *progress.tally;
  int64_t others = tally.wrong;
  for (const auto& [code, count] : tally.others) others += count;
  return absl::StrCat(Span(progress.elapsed), ": ", Count(tally.ok), " ok, ", Count(tally.refused),
                      " refused, ", Count(tally.missed), " missed, ", Count(others), " other; ",
                      Count(progress.in_flight), " under way");
}

absl::StatusOr<LoadTally> Measure(const BenchFlags& flags, const Streams& streams) {
  ASSAY_RETURN_IF_ERROR(flags.load.Validate());
  std::vector<ScoreRequest> rows;
  if (!flags.data.empty()) {
    ASSAY_ASSIGN_OR_RETURN(rows, ReadLoadRows(flags.data));
  }
  ASSAY_RETURN_IF_ERROR(ReachServer(flags.address, flags.connection, streams).status());
  ClientOptions options = {.affinity = flags.affinity, .hedge = flags.hedge};
  ASSAY_ASSIGN_OR_RETURN(options.connection, flags.connection.WithToken());
  ASSAY_ASSIGN_OR_RETURN(const auto clients,
                         ConnectForLoad(flags.address, options, flags.connections));
  // So that no request of the load pays for its connection.
  for (const auto& client : clients) {
    ASSAY_RETURN_IF_ERROR(client->GetModel(absl::Seconds(5)).status());
  }
  return RunLoad(flags.load, Clock::Real(), clients,
                 {.source =
                      [&](int64_t index) {
                        return rows.empty() ? SyntheticRequest(flags.texts, index)
                                            : rows[index % rows.size()];
                      },
                  .on_second =
                      [&](const LoadProgress& progress) {
                        *streams.err << ProgressOf(progress) << std::endl;
                      }});
}

}  // namespace

CLI::App* AddBenchCommand(CLI::App* app, BenchFlags* flags) {
  CLI::App* command = app->add_subcommand("bench", "Put a load on a server and measure it");
  command->footer(kExample);
  AddAddressFlag(command, &flags->address);
  AddConnectionFlags(command, &flags->connection);
  CLI::Option* rate = command
                          ->add_option("--rate", flags->load.rate,
                                       "Requests a second, sent whether or not others are answered")
                          ->check(CLI::Range(0.001, 1e6))
                          ->option_text("N");
  command
      ->add_option("--concurrency", flags->load.concurrency,
                   "Without --rate: requests under way at a time")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}))
      ->option_text(absl::StrCat("N [", flags->load.concurrency, "]"))
      ->excludes(rate);
  command
      ->add_option_function<std::string>(
          "--arrivals",
          [flags](const std::string& kind) {
            flags->load.arrivals = kind == "even" ? ArrivalKind::kEven : ArrivalKind::kPoisson;
          },
          "With --rate: as from independent callers, or one every 1/N s")
      ->check(CLI::IsMember({"poisson", "even"}))
      ->option_text("{poisson,even} [poisson]");
  AddSeconds(command, "--duration", "How long requests are sent and counted", 0.001,
             &flags->load.duration);
  AddSeconds(command, "--warm-up", "Before that, requests that are not counted", 0,
             &flags->load.warm_up);
  AddSeconds(command, "--deadline", "Of each request, from its sending", 0.001,
             &flags->load.deadline);
  AddAffinityFlag(command, &flags->affinity);
  command
      ->add_option_function<double>(
          "--hedge-after", [flags](double seconds) { flags->hedge.after = absl::Seconds(seconds); },
          "Of several servers, ask another one as well where a request has no answer\n"
          "for so long; one request in twenty at most")
      ->check(CLI::Range(0.001, 1e6))
      ->option_text("SECONDS [never]");
  AddCount(command, "--connections", "To each server; requests go over them in turn", 1, 1024,
           &flags->connections);
  AddCount(command, "--responses", "Of each made-up request", 1, 65536, &flags->texts.responses);
  AddCount(command, "--prompt-bytes", "Of each made-up prompt", 0, 1 << 30,
           &flags->texts.prompt_bytes);
  AddCount(command, "--response-bytes", "Of each made-up response", 0, 1 << 30,
           &flags->texts.response_bytes);
  command
      ->add_option_function<uint64_t>(
          "--seed", [flags](uint64_t seed) { flags->load.seed = flags->texts.seed = seed; },
          "Of made-up texts and Poisson arrivals")
      ->option_text("N [1]");
  command
      ->add_option("--data", flags->data,
                   "Rows to send over and over instead of made-up texts,\nas for `assay score`")
      ->option_text("FILE");
  AddFormatFlag(command, "text", &flags->json);
  return command;
}

int RunBench(const BenchFlags& flags, const Streams& streams) {
  const absl::StatusOr<LoadTally> tally = Measure(flags, streams);
  if (!tally.ok()) return Fail(streams, tally.status());
  if (flags.json) {
    *streams.out << RenderLoadJson(*tally).dump(2) << '\n';
  } else {
    *streams.out << RenderLoadText(*tally);
  }
  streams.out->flush();
  if (!streams.out->good()) {
    return Fail(streams, absl::DataLossError("standard output could not be written"));
  }
  if (tally->ok > 0) return kExitFine;
  return Fail(streams,
              absl::UnavailableError("no request was answered; see the table of outcomes"));
}

}  // namespace assay::client
