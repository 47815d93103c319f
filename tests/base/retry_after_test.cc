#include "base/retry_after.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(RetryAfterTest, AStatusCarriesItsWaitAndStaysOtherwiseTheSame) {
  const absl::Status full = absl::ResourceExhaustedError("full");
  EXPECT_EQ(RetryAfter(full), std::nullopt);
  const absl::Status later = WithRetryAfter(full, absl::Milliseconds(1500));
  EXPECT_EQ(RetryAfter(later), absl::Milliseconds(1500));
  EXPECT_EQ(later.code(), full.code());
  EXPECT_EQ(later.message(), full.message());
}

TEST(RetryAfterTest, AWaitIsKeptWithinADay) {
  const absl::Status full = absl::ResourceExhaustedError("full");
  EXPECT_EQ(RetryAfter(WithRetryAfter(full, -absl::Seconds(1))), absl::ZeroDuration());
  EXPECT_EQ(RetryAfter(WithRetryAfter(full, absl::InfiniteDuration())), absl::Hours(24));
}

}  // namespace
}  // namespace assay
