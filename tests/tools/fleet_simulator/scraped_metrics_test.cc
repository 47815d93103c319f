#include "tools/fleet_simulator/scraped_metrics.h"

#include <gtest/gtest.h>

namespace assay::fleet {
namespace {

absl::Time At(int seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

TEST(ScrapedMetricsTest, BeforeAScrapeThereIsNothing) {
  ScrapedMetrics metrics;
  EXPECT_EQ(metrics.queued_tokens(), 0);
  EXPECT_EQ(metrics.computed_tokens_per_second(), 0);
  metrics.Scrape(At(0), 70, 5000);
  EXPECT_EQ(metrics.queued_tokens(), 70);
  EXPECT_EQ(metrics.computed_tokens_per_second(), 0);
}

TEST(ScrapedMetricsTest, QueuedIsTheMeanAndComputedTheRateOfTheLastMinute) {
  ScrapedMetrics metrics;
  metrics.Scrape(At(0), 1000, 0);
  metrics.Scrape(At(15), 100, 3000);
  metrics.Scrape(At(45), 400, 4500);
  EXPECT_EQ(metrics.queued_tokens(), 500);
  EXPECT_EQ(metrics.computed_tokens_per_second(), 100);
  // The first scrape is older than a minute now.
  metrics.Scrape(At(75), 100, 9000);
  EXPECT_EQ(metrics.queued_tokens(), 200);
  EXPECT_EQ(metrics.computed_tokens_per_second(), 100);
}

}  // namespace
}  // namespace assay::fleet
