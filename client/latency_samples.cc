#include "client/latency_samples.h"

#include <algorithm>
#include <cmath>

namespace assay::client {

void LatencySamples::Add(absl::Duration latency) {
  nanoseconds_.push_back(absl::ToInt64Nanoseconds(latency));
}

absl::Duration LatencySamples::Percentile(double percent) const {
  if (nanoseconds_.empty()) return absl::ZeroDuration();
  // The little less keeps a rank that is whole, as 99 % of 100 is, from being rounded up.
  const auto rank = static_cast<int64_t>(
      std::ceil(percent / 100 * static_cast<double>(nanoseconds_.size()) - 1e-6));
  std::vector<int64_t> sorted = nanoseconds_;
  const auto at = sorted.begin() + std::clamp(rank - 1, int64_t{0}, count() - 1);
  std::nth_element(sorted.begin(), at, sorted.end());
  return absl::Nanoseconds(*at);
}

}  // namespace assay::client
