// tools/fleet_simulator/scraped_metrics.h
// What an autoscaler reads of a fleet: sums over its replicas, from scrapes of a minute, as the
// queries of deploy/kubernetes/components/autoscaler-* make them.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_SCRAPED_METRICS_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_SCRAPED_METRICS_H_

#include <cstdint>
#include <deque>

#include "absl/time/time.h"

namespace assay::fleet {

// Not thread-safe.
class ScrapedMetrics {
 public:
  static constexpr absl::Duration kWindow = absl::Seconds(60);

  // `now` does not go back; `computed_tokens` is a counter.
  void Scrape(absl::Time now, int64_t queued_tokens, int64_t computed_tokens);

  double queued_tokens() const;               // avg_over_time over kWindow; 0 before a scrape.
  double computed_tokens_per_second() const;  // rate over kWindow; 0 before two scrapes.

 private:
  struct Sample {
    absl::Time when;
    int64_t queued;
    int64_t computed;
  };
  std::deque<Sample> samples_;  // Of the last kWindow.
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_SCRAPED_METRICS_H_
