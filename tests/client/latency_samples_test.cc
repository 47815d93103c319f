#include "client/latency_samples.h"

#include <gtest/gtest.h>

namespace assay::client {
namespace {

TEST(LatencySamplesTest, APercentileIsTheSmallestSampleThatSoManyDoNotExceed) {
  LatencySamples samples;
  for (int i = 100; i >= 1; --i) samples.Add(absl::Milliseconds(i));
  EXPECT_EQ(samples.count(), 100);
  EXPECT_EQ(samples.Percentile(50), absl::Milliseconds(50));
  EXPECT_EQ(samples.Percentile(50.5), absl::Milliseconds(51));
  EXPECT_EQ(samples.Percentile(90), absl::Milliseconds(90));
  EXPECT_EQ(samples.Percentile(99), absl::Milliseconds(99));
  EXPECT_EQ(samples.Percentile(99.9), absl::Milliseconds(100));
  EXPECT_EQ(samples.Percentile(100), absl::Milliseconds(100));
  EXPECT_EQ(samples.Percentile(0.001), absl::Milliseconds(1));
}

TEST(LatencySamplesTest, OneSlowSampleInAThousandShowsAtTheHighestPercentilesAlone) {
  LatencySamples samples;
  for (int i = 0; i < 999; ++i) samples.Add(absl::Milliseconds(1));
  samples.Add(absl::Seconds(9));
  EXPECT_EQ(samples.Percentile(99.9), absl::Milliseconds(1));
  EXPECT_EQ(samples.Percentile(100), absl::Seconds(9));
}

TEST(LatencySamplesTest, WithoutSamplesEveryPercentileIsZero) {
  EXPECT_EQ(LatencySamples().Percentile(99), absl::ZeroDuration());
}

}  // namespace
}  // namespace assay::client
