// tools/fleet_simulator/autoscaler.h
// Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) over averages of metrics a pod: how many
// replicas there should be. As documented in kubernetes.io, "Horizontal Pod Autoscaling", section
// "Algorithm details". Pure: time is an argument.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_AUTOSCALER_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_AUTOSCALER_H_

#include <cstdint>
#include <deque>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace assay::fleet {

struct AutoscalerOptions {
  int min_replicas = 1;
  int max_replicas = 1000;
  double tolerance = 0.1;  // No change while metric / target is so near 1.
  // The largest of the recommendations of so long is what counts when scaling down.
  absl::Duration down_window = absl::Seconds(300);
  // In `down_period` at most so many fewer; 0: as few as are wanted.
  int down_pods = 0;
  absl::Duration down_period = absl::Seconds(15);
  // In `up_period` at most the larger of so many more and so many times as many.
  absl::Duration up_period = absl::Seconds(15);
  int up_pods = 4;
  double up_factor = 2;
};

struct MetricReading {
  double sum;     // Over the replicas that are ready.
  double target;  // A replica, > 0.
};

// Not thread-safe. Times do not go back.
class Autoscaler {
 public:
  explicit Autoscaler(const AutoscalerOptions& options) : options_(options) {}

  // How many replicas there should be: the most that one of `metrics` wants. `current` counts those
  // that still start, too, of which is supposed that their metrics will be 0.
  int Desired(absl::Time now, int current, int ready, absl::Span<const MetricReading> metrics);

 private:
  struct Recommendation {
    absl::Time when;
    int replicas;
  };

  int Recommend(int current, int ready, const MetricReading& metric) const;
  int AtMost(int current, absl::Time now) const;
  int AtLeast(int current, absl::Time now) const;

  const AutoscalerOptions options_;
  std::deque<Recommendation> recent_;    // Of the last down_window.
  std::deque<Recommendation> replicas_;  // How many there were, in the longer of both periods.
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_AUTOSCALER_H_
