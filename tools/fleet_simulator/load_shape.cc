#include "tools/fleet_simulator/load_shape.h"

#include <algorithm>

namespace assay::fleet {

double LoadShape::RateAt(absl::Duration elapsed) const {
  double factor = elapsed >= step_at ? step_factor : 1;
  if (burst_every > absl::ZeroDuration() && elapsed % burst_every < burst_for) {
    factor *= burst_factor;
  }
  return rate * factor;
}

absl::Duration LoadShape::NextChange(absl::Duration elapsed) const {
  absl::Duration next = elapsed < step_at ? step_at : absl::InfiniteDuration();
  if (burst_every > absl::ZeroDuration()) {
    const absl::Duration phase = elapsed % burst_every;
    next = std::min(next, elapsed - phase + (phase < burst_for ? burst_for : burst_every));
  }
  return next;
}

absl::Duration ShapedArrivals::Next() {
  const absl::Duration next = unit_.Next();
  absl::Duration left = next - unit_time_;
  unit_time_ = next;
  while (true) {
    const double rate = shape_.RateAt(time_);
    const absl::Duration end = shape_.NextChange(time_);
    if (end == absl::InfiniteDuration() || left <= (end - time_) * rate) {
      time_ += left / rate;
      return time_;
    }
    left -= (end - time_) * rate;
    time_ = end;
  }
}

}  // namespace assay::fleet
