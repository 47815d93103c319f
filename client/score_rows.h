// client/score_rows.h
// The rows of `assay score`: what a row asks for, and how its outcome is written into it. Pure
// functions.
//
// A row is one of
//   {"messages": [{role, content}, ...]}   its last turn, the assistant's, is the response
//   {"prompt": text | [...], "responses": [text, ...]}
//   {"prompt": text | [...], "chosen": text, "rejected": text}
// and comes back with its own fields in their order, then
//   - for one response, the fields of its result, flat; for several, `scores`; for a pair,
//     `chosen_score` and `rejected_score`; null in the place of an error
//   - `model_revision` of the model that scored
//   - `results`, one for each response (for a pair: chosen, rejected): {score, input_tokens,
//     truncated_tokens where not 0}, or {error}
// With objectives a result also has `rewards`, `gating`, `coefficients` (lists in the order of the
// model's objectives), `top_coefficients` [{objective, coefficient}, ...], and `helpsteer`
// {objective: reward on HelpSteer's scale} where the model has such objectives. `error` is
// {code, message}; a row that could not be scored as a whole has nothing else. These names are
// taken: an input field of such a name is replaced.
#ifndef ASSAY_CLIENT_SCORE_ROWS_H_
#define ASSAY_CLIENT_SCORE_ROWS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

enum class RowKind { kMessages, kResponses, kPair };

struct ScoreRow {
  RowKind kind;
  std::vector<Message> prompt = {};
  std::vector<std::string> responses = {};  // For a pair: chosen, rejected.
};

struct RowDetail {
  std::vector<std::string> objectives = {};  // The model's. Empty: results have only the score.
  size_t top_k = 3;                          // Length of top_coefficients.
};

// INVALID_ARGUMENT naming the field: one that is missing, of another type, or that belongs to
// another kind of row.
absl::StatusOr<ScoreRow> ScoreRowOf(const Json& fields);

// Removes the fields that the outcome will write; how many there were.
int RemoveOutcomeFields(Json* fields);

// Writes the outcome of a row of `kind`.
void AddOutcome(RowKind kind, const absl::StatusOr<ScoreReply>& outcome, const RowDetail& detail,
                Json* fields);

// True where the row, or one of its results, is an error.
bool HasError(const absl::StatusOr<ScoreReply>& outcome);

// The outcome on one line, for people: scores, then the largest coefficients by name.
std::string DescribeOutcome(const absl::StatusOr<ScoreReply>& outcome, const RowDetail& detail);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_SCORE_ROWS_H_
