#include "client/retry_policy.h"

#include <cmath>
#include <limits>

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

TEST(RetryPolicyTest, OnlyUnavailableAndResourceExhaustedAreRetried) {
  for (int code = 0; code <= 16; ++code) {
    const auto status_code = static_cast<absl::StatusCode>(code);
    EXPECT_EQ(IsRetryable(status_code), status_code == absl::StatusCode::kUnavailable ||
                                            status_code == absl::StatusCode::kResourceExhausted)
        << status_code;
  }
}

TEST(RetryPolicyTest, AReplyIsWorthARetryForOneRetryableResultInIt) {
  ScoreReply reply;
  reply.results.push_back(Score{.score = 1});
  reply.results.push_back(absl::InvalidArgumentError("too long"));
  EXPECT_EQ(RetryableCode(reply), absl::StatusCode::kOk);
  reply.results.push_back(absl::ResourceExhaustedError("full"));
  EXPECT_EQ(RetryableCode(reply), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryableCode(absl::UnavailableError("gone")), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RetryableCode(absl::InternalError("NaN")), absl::StatusCode::kOk);
}

TEST(RetryPolicyTest, NoAttemptIsMadeAtOrPastTheDeadline) {
  const absl::Time now = absl::UnixEpoch();
  const auto next = [&](absl::Duration left) {
    return NextAttempt(kPolicy, absl::StatusCode::kUnavailable, 1, 0.5, now, now + left);
  };
  EXPECT_EQ(next(absl::Milliseconds(51)), now + absl::Milliseconds(50));
  EXPECT_EQ(next(absl::Milliseconds(50)), std::nullopt);
  EXPECT_EQ(next(-absl::Seconds(1)), std::nullopt);
}

TEST(RetryPolicyTest, ACodeThatIsNotRetriedHasNoNextAttempt) {
  EXPECT_EQ(NextAttempt(kPolicy, absl::StatusCode::kInternal, 1, 0, absl::UnixEpoch(),
                        absl::InfiniteFuture()),
            std::nullopt);
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
}

}  // namespace
}  // namespace assay::client
