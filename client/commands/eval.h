// client/commands/eval.h
// `assay eval`: how often the model on a server prefers the chosen response of preference pairs.
#ifndef ASSAY_CLIENT_COMMANDS_EVAL_H_
#define ASSAY_CLIENT_COMMANDS_EVAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/commands/contact.h"
#include "client/commands/scoring_flags.h"

namespace CLI {
class App;
}

namespace assay::client {

struct EvalFlags {
  ScoringFlags scoring = {.detail = Detail::kObjectives};
  std::vector<std::string> data = {};    // Files; at least one.
  std::string output = {};               // Folder for rows.jsonl and summary.json; empty: none.
  bool json = false;                     // Instead of tables.
  std::optional<double> too_close = {};  // >= 0; absent: the server's, see FindCloseCall().
  int64_t limit = 0;                     // Pairs of each file; 0: all.
};

// The subcommand. `flags` outlives the parsing.
CLI::App* AddEvalCommand(CLI::App* app, EvalFlags* flags);

// kExitFine; kExitSomeErrors: the report is there, some pairs could not be scored and are no part
// of it; kExitFailed: no report, and one sentence on streams.err says why. Nothing is sent unless
// every file is right.
int RunEval(const EvalFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVAL_H_
