#include "server/task_interest.h"

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::IsOk;
using testing::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(100);

CancelFlag NewFlag() { return std::make_shared<std::atomic<bool>>(false); }

TEST(TaskInterestTest, ATaskIsWantedUntilItsOnlyWaiterIsGone) {
  const CancelFlag flag = NewFlag();
  TaskInterest interest({.deadline = kNow + absl::Seconds(1), .cancelled = flag});
  EXPECT_OK(interest.Check(kNow));
  flag->store(true);
  EXPECT_THAT(interest.Check(kNow), StatusIs(absl::StatusCode::kCancelled));
}

TEST(TaskInterestTest, ADeadlineIsOverAtItsMoment) {
  TaskInterest interest({.deadline = kNow});
  EXPECT_THAT(interest.Check(kNow), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST(TaskInterestTest, AnyWaiterKeepsItWanted) {
  const CancelFlag first = NewFlag();
  TaskInterest interest({.cancelled = first});
  EXPECT_TRUE(interest.Join({.deadline = kNow + absl::Seconds(5)}));
  EXPECT_EQ(interest.LatestDeadline(), absl::InfiniteFuture());
  first->store(true);
  EXPECT_OK(interest.Check(kNow));
  EXPECT_THAT(interest.Check(kNow + absl::Seconds(5)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST(TaskInterestTest, WhatWasGivenUpStaysSoAndNobodyJoins) {
  TaskInterest interest({.deadline = kNow});
  EXPECT_THAT(interest.Check(kNow), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_FALSE(interest.Join({}));
  EXPECT_THAT(interest.Check(kNow - absl::Seconds(1)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace assay
