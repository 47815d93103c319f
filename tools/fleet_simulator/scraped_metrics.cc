#include "tools/fleet_simulator/scraped_metrics.h"

namespace assay::fleet {

void ScrapedMetrics::Scrape(absl::Time now, int64_t queued_tokens, int64_t computed_tokens) {
  samples_.push_back({now, queued_tokens, computed_tokens});
  while (samples_.front().when < now - kWindow) samples_.pop_front();
}

double ScrapedMetrics::queued_tokens() const {
  if (samples_.empty()) return 0;
  double sum = 0;
  for (const Sample& sample : samples_) sum += static_cast<double>(sample.queued);
  return sum / static_cast<double>(samples_.size());
}

double ScrapedMetrics::computed_tokens_per_second() const {
  if (samples_.size() < 2) return 0;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  return static_cast<double>(last.computed - first.computed) /
         absl::ToDoubleSeconds(last.when - first.when);
}

}  // namespace assay::fleet
