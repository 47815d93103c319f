#include "client/hedge_budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

constexpr double kMostSaved = 10;
// Of sums of shares such as 0.05, which binary fractions miss by a little.
constexpr double kRounding = 1e-9;

}  // namespace

absl::Status HedgeOptions::Validate() const {
  if (after <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("hedge.after is ", absl::FormatDuration(after), "; it must be above 0"));
  }
  if (!(max_share >= 0 && max_share <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("hedge.max_share is ", max_share, "; it must be 0 to 1"));
  }
  return absl::OkStatus();
}

void HedgeBudget::CountCall() {
  MutexLock lock(&mu_);
  hedges_ = std::min(kMostSaved, hedges_ + max_share_);
}

bool HedgeBudget::Take() {
  MutexLock lock(&mu_);
  if (hedges_ < 1 - kRounding) return false;
  hedges_ = std::max(0.0, hedges_ - 1);
  return true;
}

}  // namespace assay::client
