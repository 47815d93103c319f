#include "server/token_rate.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(100);

absl::Time At(double seconds) { return kStart + absl::Seconds(seconds); }

TEST(TokenRateTest, NothingIsKnownBeforeTheFirstPassUnlessItIsTold) {
  EXPECT_EQ(TokenRate(0).per_second(), 0);
  EXPECT_EQ(TokenRate(500).per_second(), 500);
}

TEST(TokenRateTest, OnePassAfterAnotherIsTokensOverTime) {
  TokenRate rate(0);
  for (int i = 0; i < 5; ++i) rate.PassEnded(rate.PassBegan(At(2 * i)), At(2 * i + 2), 200);
  EXPECT_NEAR(rate.per_second(), 100, 1e-6);
}

TEST(TokenRateTest, IdleTimeDoesNotCount) {
  TokenRate rate(0);
  rate.PassEnded(rate.PassBegan(At(0)), At(1), 100);
  rate.PassEnded(rate.PassBegan(At(1000)), At(1001), 100);
  EXPECT_NEAR(rate.per_second(), 100, 1e-6);
}

TEST(TokenRateTest, PassesSideBySideAddUp) {
  TokenRate rate(0);
  int64_t even = rate.PassBegan(At(0));
  int64_t odd = rate.PassBegan(At(1));
  for (int i = 1; i < 50; ++i) {  // Each takes two seconds; one ends every second.
    int64_t& ended = i % 2 == 0 ? odd : even;
    rate.PassEnded(ended, At(i + 1), 100);
    ended = rate.PassBegan(At(i + 1));
  }
  EXPECT_NEAR(rate.per_second(), 100, 2);
}

TEST(TokenRateTest, AChangeOfSpeedIsFollowed) {
  TokenRate rate(1000);
  for (int i = 0; i < 60; ++i) rate.PassEnded(rate.PassBegan(At(i)), At(i + 1), 50);
  EXPECT_NEAR(rate.per_second(), 50, 5);
}

TEST(TokenRateTest, AFailedPassSaysNothing) {
  TokenRate rate(0);
  rate.PassEnded(rate.PassBegan(At(0)), At(1), 100);
  rate.PassEnded(rate.PassBegan(At(1)), At(50), 0);
  EXPECT_NEAR(rate.per_second(), 100, 1e-6);
}

}  // namespace
}  // namespace assay
