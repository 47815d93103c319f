// client/eval/report/objective_shares.h
// Which objectives made rows right and wrong: what each adds to the margin, over rows. Pure sums.
#ifndef ASSAY_CLIENT_EVAL_REPORT_OBJECTIVE_SHARES_H_
#define ASSAY_CLIENT_EVAL_REPORT_OBJECTIVE_SHARES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client/eval/eval_row.h"

namespace assay::client {

struct ObjectiveShare {
  // Mean of what it adds to the margin, over rows with margin > 0 and < 0; 0 of none.
  double in_wins = 0;
  double in_losses = 0;
  // Rows where no other adds as much to the side that is above: of equal ones the first.
  int64_t first_in_wins = 0;
  int64_t first_in_losses = 0;
};

struct ObjectiveShares {
  std::vector<ObjectiveShare> objectives = {};  // In the model's order.
  int64_t wins = 0;
  int64_t losses = 0;
};

// Over scored rows with rewards and coefficients for `count` objectives.
ObjectiveShares ShareMargins(const std::vector<EvalRow>& rows, size_t count);

// What each objective adds to MarginOf(row), by the pair that decides it; empty for a row without
// objectives. `row.error` is OK.
std::vector<float> MarginShares(const EvalRow& row);

// The `count` objectives that did most against the chosen response, the most negative share first;
// only negative ones.
std::vector<size_t> TurnedBy(const std::vector<float>& shares, size_t count);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_OBJECTIVE_SHARES_H_
