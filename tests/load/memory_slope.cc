#include "tests/load/memory_slope.h"

#include <algorithm>
#include <cmath>

namespace assay::testing {

Slope MemorySlope::Fit(double skip) const {
  if (samples_.empty()) return {};
  const double from = samples_.front().done + skip * (samples_.back().done - samples_.front().done);
  double n = 0;
  double x = 0;
  double y = 0;
  for (const Sample& sample : samples_) {
    if (sample.done < from) continue;
    n += 1;
    x += sample.done;
    y += sample.bytes;
  }
  if (n < 3) return {};
  x /= n;
  y /= n;
  double xx = 0;
  double xy = 0;
  for (const Sample& sample : samples_) {
    if (sample.done < from) continue;
    xx += (sample.done - x) * (sample.done - x);
    xy += (sample.done - x) * (sample.bytes - y);
  }
  if (xx == 0) return {};
  const double slope = xy / xx;
  double residual = 0;
  for (const Sample& sample : samples_) {
    if (sample.done < from) continue;
    const double error = sample.bytes - y - slope * (sample.done - x);
    residual += error * error;
  }
  return {.per_unit = slope,
          .standard_error = std::sqrt(residual / (n - 2) / xx),
          .samples = static_cast<int64_t>(n)};
}

int64_t MemorySlope::largest() const {
  double largest = 0;
  for (const Sample& sample : samples_) largest = std::max(largest, sample.bytes);
  return static_cast<int64_t>(largest);
}

}  // namespace assay::testing
