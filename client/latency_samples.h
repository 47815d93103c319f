// client/latency_samples.h
// Every latency of a run, kept whole: percentiles are exact, at eight bytes a sample.
#ifndef ASSAY_CLIENT_LATENCY_SAMPLES_H_
#define ASSAY_CLIENT_LATENCY_SAMPLES_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace assay::client {

// Not thread-safe.
class LatencySamples {
 public:
  // Counted in whole nanoseconds.
  void Add(absl::Duration latency);
  int64_t count() const { return static_cast<int64_t>(nanoseconds_.size()); }

  // The smallest sample that at least `percent` of 100 samples do not exceed, 0 < percent <= 100;
  // 100 gives the largest. Zero without samples.
  absl::Duration Percentile(double percent) const;

 private:
  std::vector<int64_t> nanoseconds_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_LATENCY_SAMPLES_H_
