// tools/fleet_simulator/load_shape.h
// When an open loop's requests come, at a rate that steps or has bursts. Pure.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_LOAD_SHAPE_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_LOAD_SHAPE_H_

#include <cstdint>

#include "absl/time/time.h"
#include "client/arrivals.h"

namespace assay::fleet {

struct LoadShape {
  double rate = 0;  // Requests a second; 0: no open loop.
  client::ArrivalKind arrivals = client::ArrivalKind::kPoisson;
  // From then on, counted from the beginning, the rate is so many times as high.
  absl::Duration step_at = absl::InfiniteDuration();
  double step_factor = 1;  // > 0.
  // For the first `burst_for` of each `burst_every` the rate is so many times as high. Zero: never.
  absl::Duration burst_every = absl::ZeroDuration();
  absl::Duration burst_for = absl::ZeroDuration();  // Less than burst_every.
  double burst_factor = 1;                          // > 0.

  double RateAt(absl::Duration elapsed) const;
  // The next time at which RateAt() may change, after `elapsed`.
  absl::Duration NextChange(absl::Duration elapsed) const;
};

// Not thread-safe. The same arguments give the same times.
class ShapedArrivals {
 public:
  // shape.rate > 0.
  ShapedArrivals(const LoadShape& shape, uint64_t seed)
      : shape_(shape), unit_(shape.arrivals, /*rate=*/1, seed) {}

  // Since the beginning; never less than the one before.
  absl::Duration Next();

 private:
  const LoadShape shape_;
  // One a second on average of a clock that runs at the shape's rate.
  client::Arrivals unit_;
  absl::Duration unit_time_ = absl::ZeroDuration();
  absl::Duration time_ = absl::ZeroDuration();
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_LOAD_SHAPE_H_
