// client/commands/score.h
// `assay score`: scores the rows of a file and writes them, in order, with their scores. Row
// shapes: client/score_rows.h. Memory is bounded by the rows in flight, whatever the file's size. A
// file it writes can be continued after a kill (client/resumable_output.h), and the work shared among
// processes (client/shard.h).
#ifndef ASSAY_CLIENT_COMMANDS_SCORE_H_
#define ASSAY_CLIENT_COMMANDS_SCORE_H_

#include <cstdint>
#include <string>

#include "client/commands/contact.h"
#include "client/commands/scoring_flags.h"

namespace CLI {
class App;
}

namespace assay::client {

struct ScoreFlags {
  ScoringFlags scoring = {};
  std::string input = {};   // File, plain or gzip, or "-".
  std::string output = {};  // File or "-"; "{shard}" in it becomes the shard's number.
  int64_t top_k = 3;        // Coefficients shown.
  bool explain = false;
  int64_t limit = 0;       // Rows; 0: all.
  std::string shard = {};  // As ParseShard() takes it; empty: the whole.
};

// The subcommand. `flags` outlives the parsing.
CLI::App* AddScoreCommand(CLI::App* app, ScoreFlags* flags);

// kExitFine; kExitSomeErrors: every row is written, some with errors; kExitFailed: stopped early,
// one sentence on streams.err says why (rows already sent are written, the rest is not read);
// kExitBadUsage: the flags contradict each other, or name no shard.
int RunScore(const ScoreFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_SCORE_H_
