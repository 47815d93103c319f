// client/commands/row_scoring.h
// The part of `assay score` that talks to a server: rows of an input in, the same rows with their
// outcomes out, in their order.
#ifndef ASSAY_CLIENT_COMMANDS_ROW_SCORING_H_
#define ASSAY_CLIENT_COMMANDS_ROW_SCORING_H_

#include <cstddef>

#include "client/commands/contact.h"
#include "client/commands/scoring_flags.h"
#include "client/resumable_output.h"
#include "client/row_input.h"
#include "client/row_sink.h"

namespace assay::client {

struct RowScoring {
  ScoringFlags scoring = {};
  size_t top_k = 3;      // Coefficients shown.
  bool explain = false;  // A line for each row on streams.err; on a terminal always.
};

// Where the rows come from and go; borrowed.
struct RowRoute {
  RowInput* input;             // At the first row to score.
  RowSink* output;             // Takes the rows.
  ResumableOutput* resumable;  // `output`, where it can be continued; or null.

  // Rows that earlier runs wrote.
  RowCounts kept() const { return resumable == nullptr ? RowCounts() : resumable->kept(); }
};

// Scores the rows with the model at `contact`; progress, what went wrong on the way and a summary on
// streams.err. kExitFine; kExitSomeErrors: every row is written, some with errors; kExitFailed:
// stopped early, one sentence on streams.err says why (rows already sent are written, the rest is
// not read).
int ScoreRows(const RowScoring& options, const RowRoute& rows, Contact* contact,
              const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_ROW_SCORING_H_
