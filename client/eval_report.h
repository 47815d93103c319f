// client/eval_report.h
// What `assay eval` shows: tables for people, JSON for programs, a row for each pair. Pure
// functions over finished sums.
#ifndef ASSAY_CLIENT_EVAL_REPORT_H_
#define ASSAY_CLIENT_EVAL_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/accuracy.h"
#include "client/close_call.h"
#include "client/json_row.h"
#include "client/pair_dataset.h"
#include "client/types.h"

namespace assay::client {

struct EvalSummary {
  ModelInfo model = {};
  std::vector<std::string> data = {};  // Files.
  // Measured ones, in the model's order; empty: only the score.
  std::vector<std::string> objectives = {};
  std::vector<SubsetAccuracy> subsets = {};
  SubsetAccuracy total = {};
  std::optional<CloseCall> close_call = {};  // Absent: no pair was looked at for it.
  int64_t tokens = 0;                        // Of scored conversations, as if nothing were shared.
  absl::Duration elapsed = {};
};

// A row a subset and a total: pairs scored, accuracy by the score with its 95 % interval, by each
// objective (in a second table where there are more than five), ties, pairs too close to call ("-"
// where that is not known) and errors; then the model and the run on one line, and on the next what
// was too close, or why nothing is. Percentages.
std::string RenderTables(const EvalSummary& summary);

// The same and more: counts, every hash. Proportions are 0..1.
Json RenderJson(const EvalSummary& summary);

// {id, subset, chosen: {score, input_tokens, ...}, rejected: {...}, margin, too_close,
// margin_by_objective} or {id, subset, error}. margin = chosen score - rejected score; too_close is
// true or false, and not there without a `close_call`. With objectives: rewards, gating, coefficients
// of each side, and what each objective adds to the margin.
Json PairRow(const PreferencePair& pair, const absl::StatusOr<ScoreReply>& outcome,
             const std::vector<std::string>& objectives,
             const std::optional<CloseCall>& close_call);

// OK where both sides of a pair have a score, with a reward for each objective; otherwise the first
// error, naming the side.
absl::Status PairStatus(const absl::StatusOr<ScoreReply>& outcome, size_t objectives);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_H_
