// client/eval/rewardbench2.h
// The score of RewardBench 2's Ties subset, whose rows have many correct answers: they should be
// above every wrong one, and nearer to each other than to those. Pure functions.
// Source: allenai/reward-bench at commit 05a9005, rewardbench/utils.py and scripts/run_v2.py. (The
// release 0.1.4 leaves rows without a spread out of `margin`; the score differs by less than 0.01.)
#ifndef ASSAY_CLIENT_EVAL_REWARDBENCH2_H_
#define ASSAY_CLIENT_EVAL_REWARDBENCH2_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::client {

struct TiesRow {
  std::string id =
      {};  // "ref:N", the prompt with one correct answer, or "tied:N", its twin with many.
  std::vector<double> correct = {};    // Scores; at least one.
  std::vector<double> incorrect = {};  // Scores; at least one.
};

// With, for a row, spread s = max - min of correct and gap g = min of correct - max of incorrect:
struct TiesScore {
  double tied_accuracy = 0;   // Share of tied rows with g > 0; 0 of none.
  double ref_accuracy = 0;    // Of ref rows.
  double preferred = 0;       // Over N with both rows: share with g_tied > s_tied.
  double preferred_hard = 0;  // Share with min(g_ref, g_tied) > s_tied.
  double margin = 0;          // Mean of tanh(min(g_ref, g_tied) / s_tied - 1); 0 / 0 counts 0.
  // 0.30 tied + 0.30 ref + 0.20 preferred + 0.20 preferred_hard + 0.01 margin: -0.01..1.01.
  double score = 0;
};

// INVALID_ARGUMENT naming an id that is of another form, or that two rows have.
absl::StatusOr<TiesScore> ScoreTies(const std::vector<TiesRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REWARDBENCH2_H_
