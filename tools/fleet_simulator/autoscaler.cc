#include "tools/fleet_simulator/autoscaler.h"

#include <algorithm>
#include <cmath>

namespace assay::fleet {

int Autoscaler::Desired(absl::Time now, int current, int ready, double metric_sum) {
  int desired = Recommend(current, ready, metric_sum);
  desired = std::clamp(desired, options_.min_replicas, options_.max_replicas);

  recent_.push_back({now, desired});
  while (recent_.front().when < now - options_.down_window) recent_.pop_front();
  if (desired < current) {
    for (const Recommendation& each : recent_) desired = std::max(desired, each.replicas);
    desired = std::min(desired, current);
  }

  replicas_.push_back({now, current});
  while (replicas_.front().when <= now - options_.up_period && replicas_.size() > 1) {
    replicas_.pop_front();
  }
  int before = current;
  for (const Recommendation& each : replicas_) before = std::min(before, each.replicas);
  const int most =
      std::max(before + options_.up_pods, static_cast<int>(std::ceil(before * options_.up_factor)));
  return std::min({desired, std::max(most, current), options_.max_replicas});
}

int Autoscaler::Recommend(int current, int ready, double metric_sum) const {
  if (ready == 0) return current;
  const auto near_one = [&](double ratio) { return std::abs(ratio - 1) <= options_.tolerance; };
  const double needed = metric_sum / options_.target;
  if (near_one(needed / ready)) return current;
  if (needed > ready && ready < current) {
    // Some still start: if counting them with nothing turns the verdict round, nothing is done.
    if (near_one(needed / current) || needed < current) return current;
  }
  return static_cast<int>(std::ceil(needed));
}

}  // namespace assay::fleet
