#include "tests/load/memory_slope.h"

#include <algorithm>
#include <cmath>

namespace assay::testing {

Slope MemorySlope::Fit(double skip) const {
  const std::vector<Sample> points = Blocks(skip);
  const auto n = static_cast<double>(points.size());
  if (points.size() < 3) return {};
  double x = 0;
  double y = 0;
  for (const Sample& point : points) {
    x += point.done / n;
    y += point.bytes / n;
  }
  double xx = 0;
  double xy = 0;
  for (const Sample& point : points) {
    xx += (point.done - x) * (point.done - x);
    xy += (point.done - x) * (point.bytes - y);
  }
  if (xx == 0) return {};
  const double slope = xy / xx;
  double residual = 0;
  for (const Sample& point : points) {
    const double error = point.bytes - y - slope * (point.done - x);
    residual += error * error;
  }
  return {.per_unit = slope,
          .standard_error = std::sqrt(residual / (n - 2) / xx),
          .points = static_cast<int64_t>(points.size())};
}

std::vector<MemorySlope::Sample> MemorySlope::Blocks(double skip) const {
  if (samples_.empty()) return {};
  const double from = samples_.front().done + skip * (samples_.back().done - samples_.front().done);
  std::vector<Sample> kept;
  for (const Sample& sample : samples_) {
    if (sample.done >= from) kept.push_back(sample);
  }
  const size_t blocks = std::min(kept.size(), kMostPoints);
  std::vector<Sample> means;
  for (size_t i = 0; i < blocks; ++i) {
    const size_t begin = i * kept.size() / blocks;
    const size_t end = (i + 1) * kept.size() / blocks;
    Sample mean = {0, 0};
    for (size_t j = begin; j < end; ++j) {
      mean.done += kept[j].done / static_cast<double>(end - begin);
      mean.bytes += kept[j].bytes / static_cast<double>(end - begin);
    }
    means.push_back(mean);
  }
  return means;
}

int64_t MemorySlope::largest() const {
  double largest = 0;
  for (const Sample& sample : samples_) largest = std::max(largest, sample.bytes);
  return static_cast<int64_t>(largest);
}

}  // namespace assay::testing
