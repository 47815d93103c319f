// client/commands/eval_compare.h
// `assay eval compare`: in what two runs over the same rows differ, and whether by more than chance.
#ifndef ASSAY_CLIENT_COMMANDS_EVAL_COMPARE_H_
#define ASSAY_CLIENT_COMMANDS_EVAL_COMPARE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "client/commands/contact.h"
#include "client/eval/run_difference.h"

namespace CLI {
class App;
}

namespace assay::client {

struct EvalCompareFlags {
  std::string a = {};  // As ReadRun() takes it.
  std::string b = {};
  CompareOptions compare = {};
  bool json = false;                         // Instead of tables.
  int64_t flips = 20;                        // Shown at most; >= 0.
  std::optional<double> fail_if_worse = {};  // 0..1; WorseIn()'s p.
};

// The subcommand `compare` of `eval`. `flags` outlives the parsing.
CLI::App* AddEvalCompareCommand(CLI::App* eval, EvalCompareFlags* flags);

// kExitFine; kExitWorse: B is worse, by flags.fail_if_worse; kExitSomeErrors: rows with an error in
// one of the runs were left out; kExitFailed: nothing was compared. One sentence on streams.err says
// which. kExitWorse goes before kExitSomeErrors.
int RunEvalCompare(const EvalCompareFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVAL_COMPARE_H_
