// client/eval/run_difference.h
// In what two runs over the same rows differ: accuracies with how sure the difference is, the rows
// that flipped, and whether the scores themselves are the same. Pure functions.
//
// Everything is computed from the rows that are scored in both runs alone; accuracies and scores of
// sections are therefore not those of the whole runs where a row is missing from one.
#ifndef ASSAY_CLIENT_EVAL_RUN_DIFFERENCE_H_
#define ASSAY_CLIENT_EVAL_RUN_DIFFERENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/eval/eval_run.h"
#include "client/eval/eval_summary.h"
#include "client/eval/paired_test.h"
#include "client/eval/row_match.h"
#include "client/json_row.h"

namespace assay::client {

struct CompareOptions {
  SummaryOptions summary = {};  // For both runs.
  // Scores are on one scale under one model revision only; of two revisions their differences mean
  // something to who knows that the one is meant to score as the other (another dtype, a new export).
  enum class Scores { kOfOneRevision, kAlways };
  Scores scores = Scores::kOfOneRevision;
};

// A's and B's accuracy over some rows, or a score that is made of accuracies.
struct AccuracyDifference {
  std::string name = {};
  int64_t rows = 0;
  double a = 0;  // 0..1; SubsetAccuracy::value(), or the section's or benchmark's score.
  double b = 0;
  // Of b - a at 95 %. NewcombeInterval() for rows that count alike; SumInterval() with the benchmark's
  // own weights for sections and benchmarks. Absent where RewardBench 2's Ties is a part: its score
  // is no mean over rows.
  std::optional<DifferenceInterval> interval = {};
  // Rows on which the one has more credit than the other, and the exact test on them: each row counts
  // once, whatever its weight.
  int64_t only_a = 0;
  int64_t only_b = 0;
  double p = 1;                       // TwoSidedP().
  double p_worse = 1;                 // WorseP(): that B is worse.
  std::optional<double> p_holm = {};  // Subsets: p adjusted over all of them.

  double difference() const { return b - a; }
};

// A row that has more credit in one run than in the other.
struct Flip {
  std::string subset = {};
  Json id = {};
  double credit_a = 0;  // 0..1.
  double credit_b = 0;
  float margin_a = 0;  // MarginOf(); each in the units of its model.
  float margin_b = 0;
  // Whether the margin is below the scorer's own error; absent where that is not known.
  std::optional<bool> too_close_a = {};
  std::optional<bool> too_close_b = {};
};

// Of all responses of the rows compared.
struct ScoreDifferences {
  int64_t n = 0;
  int64_t not_bit_equal = 0;
  double largest = 0;        // Absolute, in units of the score.
  double percentile_99 = 0;  // By nearest rank.
};

struct RunDifference {
  // Of the rows compared.
  EvalSummary a = {};
  EvalSummary b = {};
  // Of the other rows; see RowMatch.
  UnmatchedRows only_a = {};
  UnmatchedRows only_b = {};
  int64_t with_errors = 0;
  int64_t errors_a = 0;
  int64_t errors_b = 0;

  std::vector<AccuracyDifference> subsets = {};   // In A's order.
  std::vector<AccuracyDifference> sections = {};  // Of the benchmark, those with a score.
  std::optional<AccuracyDifference> benchmark = {};
  AccuracyDifference total = {};                // Each row counts once.
  std::vector<Flip> flips = {};                 // All; by |margin_a - margin_b|, the largest first.
  std::optional<ScoreDifferences> scores = {};  // Absent: of two revisions, and not asked for.
};

// Errors: as MatchRows().
absl::StatusOr<RunDifference> CompareRuns(FinishedRun a, FinishedRun b,
                                          const CompareOptions& options);

// Names of what B is worse in with p_worse < `p`: all rows, sections. `p` 0..1. As each of them is
// looked at alone, a B that is as good as A is called worse somewhere more often than with
// probability `p`: up to six times as often with RewardBench's five sections.
std::vector<std::string> WorseIn(const RunDifference& difference, double p);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_RUN_DIFFERENCE_H_
