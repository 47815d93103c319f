// client/eval/eval_tables.h
// An evaluation as tables in plain text, for a terminal. Pure functions over a finished summary.
#ifndef ASSAY_CLIENT_EVAL_EVAL_TABLES_H_
#define ASSAY_CLIENT_EVAL_EVAL_TABLES_H_

#include <string>

#include "client/eval/eval_summary.h"

namespace assay::client {

// A row a subset and a total: rows scored, accuracy by the score with its 95 % interval, by each
// objective (in a second table where there are more than five), ties, rows too close to call ("-"
// where that is not known) and errors; then RewardBench 2's Ties and RM-Bench's styles where there
// are any; then the benchmark's sections where the subsets are a benchmark's, beside the published
// rows, with what is missing; then the model, and what was too close, or why nothing is.
// Percentages.
std::string RenderTables(const EvalSummary& summary);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_EVAL_TABLES_H_
