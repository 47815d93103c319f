// client/commands/bench.h
// `assay bench`: puts a load on a server and tells what it answered and how fast.
#ifndef ASSAY_CLIENT_COMMANDS_BENCH_H_
#define ASSAY_CLIENT_COMMANDS_BENCH_H_

#include <cstdint>
#include <string>

#include "client/affinity.h"
#include "client/commands/connection_flags.h"
#include "client/commands/contact.h"
#include "client/hedge_budget.h"
#include "client/load_generator.h"
#include "client/load_texts.h"

namespace CLI {
class App;
}

namespace assay::client {

struct BenchFlags {
  std::string address = "127.0.0.1:50051";
  ConnectionFlags connection = {};
  LoadOptions load = {};
  SyntheticTexts texts = {};
  std::string data = {};    // A file of rows instead of made-up texts; empty: none.
  int64_t connections = 1;  // To each server.
  Affinity affinity = Affinity::kNone;
  HedgeOptions hedge = {};
  bool json = false;
};

// The subcommand. `flags` outlives the parsing.
CLI::App* AddBenchCommand(CLI::App* app, BenchFlags* flags);

// kExitFine: measured, whatever the server answered; kExitFailed: nothing was measured, or nothing
// answered OK, and one sentence on streams.err.
int RunBench(const BenchFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_BENCH_H_
