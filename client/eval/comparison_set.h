// client/eval/comparison_set.h
// Comparisons from files of JSON lines. A file is taken whole or refused: an evaluation must not
// begin on data that will turn out wrong half-way.
#ifndef ASSAY_CLIENT_EVAL_COMPARISON_SET_H_
#define ASSAY_CLIENT_EVAL_COMPARISON_SET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/eval/comparison.h"

namespace assay::client {

struct ComparisonSetOptions {
  int64_t limit = 0;                    // Rows of the file; 0: all.
  std::string subset_field = "subset";  // The field that names a row's subset.
  // A file of RewardBench's prior sets: its subset is the split, which the file's name begins with
  // ("shp-00000-of-00001.jsonl.gz" is shp), whatever its rows say. Source: rewardbench/utils.py.
  bool is_prior_set = false;
};

// The rows of `path` (plain or gzip; "-" is standard input). A row is one of
//   {"prompt": P, "chosen": R, "rejected": R, "subset"?: text, "id"?: text | integer}
//   {"chosen": [messages], "rejected": [messages]}: whole conversations with the same start
// where P is text or [{"role", "content"}, ...] ending with a user turn, and R is text, [text, ...],
// or with a prompt [one assistant message]; a row may have other fields. Its subset is the file's
// name without its endings where it has none; its id the line's number where it has none.
// "num_correct", where a row has it, must be the number of chosen responses. Errors name the file,
// and the line and field where there is one:
//   INVALID_ARGUMENT  a bad row, or no row at all; Parquet, or one JSON array, with what to do.
//   others            as JsonlReader.
absl::StatusOr<std::vector<Comparison>> ReadComparisons(const std::string& path,
                                                        const ComparisonSetOptions& options = {});

// 16 hex digits that differ, but for chance, where any text, role, subset, id or their order does.
std::string Fingerprint(const std::vector<Comparison>& comparisons);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_COMPARISON_SET_H_
