// client/eval/eval_row.h
// A comparison with its scores, and the line of rows.jsonl that holds both, so that everything an
// evaluation shows can be computed again from its rows. Pure functions.
//
// A line is
//   {"id", "subset", "prompt": text | [messages], "chosen": SIDE, "rejected": SIDE,
//    "margin", "too_close"?, "margin_by_objective"?: {objective: number}}
// with SIDE = {"text", "score", "input_tokens", "truncated_tokens"?, "rewards"?, "gating"?,
// "coefficients"?} for one response, a list of such for several; or, where the row could not be
// scored, SIDE has only its text and "error": {"code", "message"} stands in the margin's place.
#ifndef ASSAY_CLIENT_EVAL_EVAL_ROW_H_
#define ASSAY_CLIENT_EVAL_EVAL_ROW_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/eval/close_call.h"
#include "client/eval/comparison.h"
#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

struct EvalRow {
  Comparison comparison = {};
  absl::Status error = {};           // Not OK: there are no scores.
  std::vector<Score> chosen = {};    // One for each of comparison.chosen, in its order.
  std::vector<Score> rejected = {};  // One for each of comparison.rejected.
};

// The row of `comparison`, whose request had its chosen responses and then its rejected ones. Its
// error is the first there is, naming the response ("chosen", "rejected[2]"); a result without a
// reward for each of `objectives` (> 0) objectives is an error too.
EvalRow RowOf(Comparison comparison, const absl::StatusOr<ScoreReply>& outcome, size_t objectives);

// The two responses that decide whether every chosen one is above every rejected one.
struct HardestPair {
  size_t chosen = 0;    // The lowest of the chosen ones; of equal ones the first.
  size_t rejected = 0;  // The highest of the rejected ones; of equal ones the first.
};

// `row.error` is OK.
HardestPair HardestPairOf(const EvalRow& row);

// Lowest chosen score - highest rejected score: what a pair's margin is, and > 0 exactly where every
// chosen response is above every rejected one. `row.error` is OK.
float MarginOf(const EvalRow& row);

// Tokens of all its conversations, as if nothing were shared; 0 with an error.
int64_t TokensOf(const EvalRow& row);

// The line's content. too_close is there only with a `close_call`; margin_by_objective, of the
// hardest pair, only where the scores have objectives.
Json EvalRowJson(const EvalRow& row, const std::vector<std::string>& objectives,
                 const std::optional<CloseCall>& close_call);

// The row that EvalRowJson() made a line of: margins are not read but follow from the scores.
// INVALID_ARGUMENT naming the field that is missing or of another type.
absl::StatusOr<EvalRow> ParseEvalRow(const Json& line, size_t objectives);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_EVAL_ROW_H_
