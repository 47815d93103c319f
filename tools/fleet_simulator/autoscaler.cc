#include "tools/fleet_simulator/autoscaler.h"

#include <algorithm>
#include <cmath>

namespace assay::fleet {

int Autoscaler::Desired(absl::Time now, int current, int ready,
                        absl::Span<const MetricReading> metrics) {
  int desired = 0;
  for (const MetricReading& metric : metrics) {
    desired = std::max(desired, Recommend(current, ready, metric));
  }
  desired = std::clamp(desired, options_.min_replicas, options_.max_replicas);

  recent_.push_back({now, desired});
  while (recent_.front().when < now - options_.down_window) recent_.pop_front();
  if (desired < current) {
    for (const Recommendation& each : recent_) desired = std::max(desired, each.replicas);
    desired = std::min(desired, current);
  }

  replicas_.push_back({now, current});
  const absl::Duration kept = std::max(options_.up_period, options_.down_period);
  while (replicas_.front().when <= now - kept) replicas_.pop_front();
  desired = std::min(desired, AtMost(current, now));
  return std::min(std::max(desired, AtLeast(current, now)), options_.max_replicas);
}

int Autoscaler::AtMost(int current, absl::Time now) const {
  int before = current;
  for (const Recommendation& each : replicas_) {
    if (each.when > now - options_.up_period) before = std::min(before, each.replicas);
  }
  const int factor = static_cast<int>(std::ceil(before * options_.up_factor));
  return std::max({before + options_.up_pods, factor, current});
}

int Autoscaler::AtLeast(int current, absl::Time now) const {
  if (options_.down_pods == 0) return 0;
  int before = current;
  for (const Recommendation& each : replicas_) {
    if (each.when > now - options_.down_period) before = std::max(before, each.replicas);
  }
  return std::min(before - options_.down_pods, current);
}

int Autoscaler::Recommend(int current, int ready, const MetricReading& metric) const {
  if (ready == 0) return current;
  const auto near_one = [&](double ratio) { return std::abs(ratio - 1) <= options_.tolerance; };
  const double needed = metric.sum / metric.target;
  if (near_one(needed / ready)) return current;
  if (needed > ready && ready < current) {
    // Some still start: if counting them with nothing turns the verdict round, nothing is done.
    if (near_one(needed / current) || needed < current) return current;
  }
  return static_cast<int>(std::ceil(needed));
}

}  // namespace assay::fleet
