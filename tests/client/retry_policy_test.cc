#include "client/retry_policy.h"

#include <cmath>
#include <limits>

#include "base/retry_after.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

constexpr RetryPolicy kPolicy = {
    .initial = absl::Milliseconds(100), .max = absl::Seconds(1), .multiplier = 3};

TEST(RetryPolicyTest, TheCeilingGrowsByTheMultiplierUpToItsMaximum) {
  EXPECT_EQ(Backoff(kPolicy, 1, 0.5), absl::Milliseconds(50));
  EXPECT_EQ(Backoff(kPolicy, 2, 0.5), absl::Milliseconds(150));
  EXPECT_EQ(Backoff(kPolicy, 3, 0.5), absl::Milliseconds(450));
  EXPECT_EQ(Backoff(kPolicy, 4, 0.5), absl::Milliseconds(500));
}

TEST(RetryPolicyTest, AHugeNumberOfFailuresStillWaitsNoLongerThanTheMaximum) {
  EXPECT_EQ(Backoff(kPolicy, std::numeric_limits<int>::max(), 0.5), absl::Milliseconds(500));
}

TEST(RetryPolicyTest, JitterIsFullFromZeroToTheCeiling) {
  EXPECT_EQ(Backoff(kPolicy, 1, 0), absl::ZeroDuration());
  EXPECT_EQ(Backoff(kPolicy, 1, 0.25), absl::Milliseconds(25));
  EXPECT_LE(Backoff(kPolicy, 1, std::nextafter(1.0, 0.0)), absl::Milliseconds(100));
}

absl::Status Full(absl::Duration wait) {
  return WithRetryAfter(absl::ResourceExhaustedError("full"), wait);
}

TEST(RetryPolicyTest, OnlyUnavailableIsRetriedUnasked) {
  for (int code = 0; code <= 16; ++code) {
    const auto status_code = static_cast<absl::StatusCode>(code);
    EXPECT_EQ(IsRetryable(absl::Status(status_code, "")),
              status_code == absl::StatusCode::kUnavailable)
        << status_code;
  }
}

TEST(RetryPolicyTest, ExhaustedIsRetriedWhereTheServerSaysWhenAndNotWhereSomethingIsTooLarge) {
  EXPECT_TRUE(IsRetryable(Full(absl::Seconds(1))));
  EXPECT_TRUE(IsRetryable(Full(absl::ZeroDuration())));
  EXPECT_FALSE(IsRetryable(absl::ResourceExhaustedError("message larger than max")));
}

TEST(RetryPolicyTest, NoOtherCodeIsRetriedThoughATimeIsSaid) {
  EXPECT_FALSE(IsRetryable(WithRetryAfter(absl::InternalError("NaN"), absl::Seconds(1))));
}

TEST(RetryPolicyTest, ACancelledCallIsMadeAgainAndACancelledResultStands) {
  const absl::Status cancelled = absl::CancelledError("its connection closed");
  EXPECT_EQ(RetryableStatus(cancelled), cancelled);
  ScoreReply reply;
  reply.results.push_back(cancelled);
  EXPECT_OK(RetryableStatus(reply));
}

TEST(RetryPolicyTest, AReplyIsWorthARetryForOneRetryableResultInItAndWaitsForTheSlowest) {
  ScoreReply reply;
  reply.results.push_back(Score{.score = 1});
  reply.results.push_back(absl::InvalidArgumentError("too long"));
  EXPECT_OK(RetryableStatus(reply));
  reply.results.push_back(absl::UnavailableError("draining"));
  EXPECT_EQ(RetryableStatus(reply), absl::UnavailableError("draining"));
  reply.results.push_back(Full(absl::Seconds(2)));
  reply.results.push_back(Full(absl::Seconds(1)));
  EXPECT_EQ(RetryableStatus(reply), Full(absl::Seconds(2)));
  EXPECT_EQ(RetryableStatus(absl::UnavailableError("gone")), absl::UnavailableError("gone"));
  EXPECT_OK(RetryableStatus(absl::InternalError("NaN")));
}

TEST(RetryPolicyTest, AWaitThatTheServerAskedForIsKeptAndJitterOnlyAddsToIt) {
  EXPECT_EQ(WaitBefore(kPolicy, Full(absl::Seconds(8)), 1, 0), absl::Seconds(8));
  EXPECT_EQ(WaitBefore(kPolicy, Full(absl::Seconds(8)), 9, 0.5), absl::Seconds(9));
  EXPECT_LE(WaitBefore(kPolicy, Full(absl::Seconds(8)), 1, std::nextafter(1.0, 0.0)),
            absl::Seconds(10));
  const absl::Status stopping = WithRetryAfter(absl::UnavailableError("stop"), absl::Seconds(4));
  EXPECT_EQ(WaitBefore(kPolicy, stopping, 1, 0), absl::Seconds(4));
}

TEST(RetryPolicyTest, WhereNoWaitIsAskedForItIsTheBackoff) {
  EXPECT_EQ(WaitBefore(kPolicy, absl::UnavailableError("gone"), 2, 0.5), absl::Milliseconds(150));
}

TEST(RetryPolicyTest, NoAttemptIsMadeAtOrPastTheDeadline) {
  const absl::Time now = absl::UnixEpoch();
  const auto next = [&](const absl::Status& why, absl::Duration left) {
    return NextAttempt(kPolicy, why, 1, 0.5, now, now + left);
  };
  const absl::Status gone = absl::UnavailableError("gone");
  EXPECT_EQ(next(gone, absl::Milliseconds(51)), now + absl::Milliseconds(50));
  EXPECT_EQ(next(gone, absl::Milliseconds(50)), std::nullopt);
  EXPECT_EQ(next(gone, -absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(next(Full(absl::Seconds(8)), absl::Seconds(9)), std::nullopt);
  EXPECT_EQ(next(Full(absl::Seconds(8)), absl::Seconds(10)), now + absl::Seconds(9));
}

TEST(RetryPolicyTest, WhatIsNotWorthARetryHasNoNextAttempt) {
  EXPECT_EQ(NextAttempt(kPolicy, absl::OkStatus(), 1, 0, absl::UnixEpoch(), absl::InfiniteFuture()),
            std::nullopt);
}

TEST(RetryPolicyTest, NoMoreAttemptsAreMadeThanAllowed) {
  const auto next = [&](int failures) {
    return NextAttempt({.max_attempts = 2}, absl::UnavailableError("gone"), failures, 0,
                       absl::UnixEpoch(), absl::InfiniteFuture());
  };
  EXPECT_EQ(next(1), absl::UnixEpoch());
  EXPECT_EQ(next(2), std::nullopt);
}

TEST(RetryPolicyTest, ValidateNamesTheFieldThatIsOutOfRange) {
  EXPECT_OK(RetryPolicy().Validate());
  EXPECT_THAT(RetryPolicy({.initial = absl::ZeroDuration()}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry.initial")));
  EXPECT_THAT(RetryPolicy({.initial = absl::Seconds(2), .max = absl::Seconds(1)}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry.max")));
  EXPECT_THAT(RetryPolicy({.max = absl::InfiniteDuration()}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry.max")));
  EXPECT_THAT(RetryPolicy({.multiplier = std::nan("")}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry.multiplier")));
  EXPECT_THAT(RetryPolicy({.max_attempts = -1}).Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("retry.max_attempts")));
}

}  // namespace
}  // namespace assay::client
