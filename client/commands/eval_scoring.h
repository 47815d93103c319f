// client/commands/eval_scoring.h
// The part of `assay eval` that talks to a server: comparisons in, a finished run out, its rows in a
// folder that a later call of the same command continues.
#ifndef ASSAY_CLIENT_COMMANDS_EVAL_SCORING_H_
#define ASSAY_CLIENT_COMMANDS_EVAL_SCORING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/commands/contact.h"
#include "client/commands/scoring_flags.h"
#include "client/eval/close_call.h"
#include "client/eval/comparison.h"
#include "client/eval/eval_run.h"

namespace assay::client {

struct EvalScoringOptions {
  ScoringFlags scoring = {};
  // For run.json and rows.jsonl (eval_run.h, eval_row.h); empty: none are written. Made where it is
  // missing. A checkpoint beside the rows lets the same command, stopped or killed at any moment, go
  // on where it was.
  std::string folder = {};
  std::optional<CloseCall> close_call = {};  // What rows.jsonl calls too close.
};

struct ScoredRun {
  FinishedRun finished = {};
  int64_t kept = 0;             // Rows that an earlier call had scored.
  int64_t tokens = 0;           // Of the others.
  absl::Duration elapsed = {};  // For the others.
  // Rows with an error that is the server's and not their own (it fell silent) also when they were
  // tried once more at the end: the same command tries those again, and what follows them.
  int64_t to_retry = 0;
};

// Scores `comparisons` with the model at `contact`; progress, and what went wrong on the way, on
// streams.err. `run` says what is scored and by what.
//   the codes of RewardClient::ScoreAll  scoring stopped early, FAILED_PRECONDITION where the model was
//                                        replaced by another; what was scored is in the folder.
//   those of ResumableOutput::Open       the folder cannot be written, or holds another run's rows.
absl::StatusOr<ScoredRun> ScoreComparisons(std::vector<Comparison> comparisons, EvalRun run,
                                           const EvalScoringOptions& options, Contact* contact,
                                           const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_EVAL_SCORING_H_
