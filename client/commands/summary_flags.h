// client/commands/summary_flags.h
// How rows are counted: the flags that every command over scored rows has.
#ifndef ASSAY_CLIENT_COMMANDS_SUMMARY_FLAGS_H_
#define ASSAY_CLIENT_COMMANDS_SUMMARY_FLAGS_H_

#include "client/eval/eval_summary.h"

namespace CLI {
class App;
}

namespace assay::client {

// --ties, --metric, --weights and --too-close. `options` outlives the parsing; what it holds is the
// default.
void AddSummaryFlags(CLI::App* command, SummaryOptions* options);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_SUMMARY_FLAGS_H_
