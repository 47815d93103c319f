#include "client/eval/report/objective_shares.h"

#include <algorithm>

#include "client/explanation.h"

namespace assay::client {

std::vector<float> MarginShares(const EvalRow& row) {
  const HardestPair pair = HardestPairOf(row);
  return MarginByObjective(row.chosen[pair.chosen], row.rejected[pair.rejected]);
}

ObjectiveShares ShareMargins(const std::vector<EvalRow>& rows, size_t count) {
  ObjectiveShares result = {.objectives = std::vector<ObjectiveShare>(count)};
  if (count == 0) return result;
  for (const EvalRow& row : rows) {
    if (!row.error.ok()) continue;
    const std::vector<float> shares = MarginShares(row);
    const float margin = MarginOf(row);
    if (shares.size() != count || margin == 0) continue;
    if (margin > 0) {
      ++result.wins;
      for (size_t i = 0; i < count; ++i) result.objectives[i].in_wins += shares[i];
      ++result.objectives[std::max_element(shares.begin(), shares.end()) - shares.begin()]
            .first_in_wins;
    } else {
      ++result.losses;
      for (size_t i = 0; i < count; ++i) result.objectives[i].in_losses += shares[i];
      ++result.objectives[std::min_element(shares.begin(), shares.end()) - shares.begin()]
            .first_in_losses;
    }
  }
  for (ObjectiveShare& share : result.objectives) {
    if (result.wins > 0) share.in_wins /= static_cast<double>(result.wins);
    if (result.losses > 0) share.in_losses /= static_cast<double>(result.losses);
  }
  return result;
}

std::vector<size_t> TurnedBy(const std::vector<float>& shares, size_t count) {
  std::vector<size_t> order;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] < 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&shares](size_t a, size_t b) { return shares[a] < shares[b]; });
  if (order.size() > count) order.resize(count);
  return order;
}

}  // namespace assay::client
