// client/commands/eval.h
// `assay eval`: how often the model on a server is right about responses that are known to be better
// and worse: RewardBench, RewardBench 2, RM-Bench's form, or any such rows.
#ifndef ASSAY_CLIENT_COMMANDS_EVAL_H_
#define ASSAY_CLIENT_COMMANDS_EVAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/commands/contact.h"
#include "client/commands/eval_compare.h"
#include "client/commands/scoring_flags.h"
#include "client/eval/eval_summary.h"

namespace CLI {
class App;
}

namespace assay::client {

struct EvalFlags {
  ScoringFlags scoring = {.detail = Detail::kObjectives};
  std::vector<std::string> data = {};       // Files to score.
  std::vector<std::string> pref_sets = {};  // Files of RewardBench's prior sets, likewise.
  std::vector<std::string> from = {};       // Instead of both: finished runs, see ReadRuns().
  std::string subset_field = "subset";
  int64_t limit = 0;       // Rows of each file; 0: all.
  std::string shard = {};  // "I/N" or "auto/N"; empty: all rows.
  SummaryOptions summary = {};
  std::string output = {};      // Folder for all that the run leaves; empty: none.
  std::string report = {};      // File for the page; empty: none.
  std::string model_name = {};  // In the files for RewardBench's scripts; empty: the server's.
  bool json = false;            // Instead of tables.
  EvalCompareFlags compare = {};
};

// The subcommand, with `compare` below it. `flags` outlives the parsing.
CLI::App* AddEvalCommand(CLI::App* app, EvalFlags* flags);

// kExitFine; kExitSomeErrors: the report is there, some rows could not be scored and are no part of
// it; kExitFailed: no report, and one sentence on streams.err says why; kExitBadUsage: neither data
// nor a finished run, or both, or a shard that is none. Nothing is sent unless every file is right.
int RunEval(const EvalFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVAL_H_
