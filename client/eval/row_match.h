// client/eval/row_match.h
// Which rows of two runs are the same, so that the runs can be compared row by row. Pure functions.
#ifndef ASSAY_CLIENT_EVAL_ROW_MATCH_H_
#define ASSAY_CLIENT_EVAL_ROW_MATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/eval/eval_row.h"

namespace assay::client {

// How errors and reports name a row: `subset "s", id 7`. Holds no text of the row.
std::string RowName(const Comparison& comparison);

// Rows that one run has and the other has not.
struct UnmatchedRows {
  static constexpr size_t kMaxNamed = 5;
  int64_t count = 0;
  std::vector<std::string> first = {};  // RowName() of the first kMaxNamed.
};

struct RowMatch {
  // As many of each, in the order of A: a[i] and b[i] are the same row, scored in both runs.
  std::vector<EvalRow> a = {};
  std::vector<EvalRow> b = {};
  UnmatchedRows only_a = {};
  UnmatchedRows only_b = {};
  // Rows that both runs have, but at least one of them as an error; they are no part of a and b.
  int64_t with_errors = 0;
  int64_t errors_a = 0;  // Of them, those that are an error in A.
  int64_t errors_b = 0;
};

// Two rows are the same where subset and id are, and as many rows of that subset and id came before.
//   INVALID_ARGUMENT  such a row has not the same prompt, chosen or rejected responses in both; names
//                     the first one; or no row is scored in both runs.
absl::StatusOr<RowMatch> MatchRows(std::vector<EvalRow> a, std::vector<EvalRow> b);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_ROW_MATCH_H_
