// The command `assay`: flags to a command of client/commands/, its exit code to the shell.
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "client/commands/bench.h"
#include "client/commands/eval.h"
#include "client/commands/health.h"
#include "client/commands/info.h"
#include "client/commands/score.h"

int main(int argc, char** argv) {
  using namespace assay::client;  // NOLINT(google-build-using-namespace): only assembles.
  // Errors are told in our own words; GRPC_VERBOSITY brings back gRPC's.
  setenv("GRPC_VERBOSITY", "NONE", /*replace=*/0);
  CLI::App app("Scores assistant replies with the reward model of an Assay server.", "assay");
  app.footer("`assay COMMAND --help` has the flags and an example.");
  app.set_version_flag("--version", "assay " ASSAY_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  ScoreFlags score_flags;
  EvalFlags eval_flags;
  InfoFlags info_flags;
  HealthFlags health_flags;
  BenchFlags bench_flags;
  const CLI::App* score = AddScoreCommand(&app, &score_flags);
  const CLI::App* eval = AddEvalCommand(&app, &eval_flags);
  const CLI::App* bench = AddBenchCommand(&app, &bench_flags);
  AddInfoCommand(&app, &info_flags);
  const CLI::App* health = AddHealthCommand(&app, &health_flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitFine : kExitBadUsage;
  }

  const Streams streams = {
      .out = &std::cout, .err = &std::cerr, .err_is_terminal = isatty(STDERR_FILENO) == 1};
  if (score->parsed()) return RunScore(score_flags, streams);
  if (eval->got_subcommand("compare")) return RunEvalCompare(eval_flags.compare, streams);
  if (eval->parsed()) return RunEval(eval_flags, streams);
  if (bench->parsed()) return RunBench(bench_flags, streams);
  if (health->parsed()) return RunHealth(health_flags, streams);
  return RunInfo(info_flags, streams);
}
