#include "tests/testing/fake_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace assay::testing {
namespace {

TEST(FakeClockTest, TimeStandsStillUntilItIsAdvanced) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5));
}

TEST(FakeClockTest, AWaitPastItsDeadlineEndsAtOnce) {
  FakeClock clock;
  Mutex mu;
  CondVar cv;
  MutexLock lock(&mu);
  EXPECT_FALSE(clock.WaitUntil(mu, cv, clock.Now()));
}

TEST(FakeClockTest, AdvancingWakesEveryWaiterAndTellsWhichDeadlinesPassed) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  // Each waiter has its own lock, which is gone as soon as its wait is over.
  const auto wait_until = [&clock](absl::Time deadline, int* wakes) {
    Mutex mu;
    CondVar cv;
    MutexLock lock(&mu);
    while (clock.WaitUntil(mu, cv, deadline)) ++*wakes;
  };
  int near_wakes = 0;
  int far_wakes = 0;
  std::thread near([&] { wait_until(start + absl::Seconds(1), &near_wakes); });
  std::thread far([&] { wait_until(start + absl::Seconds(2), &far_wakes); });
  clock.AwaitWaiters(2);
  clock.Advance(absl::Seconds(1));
  near.join();
  EXPECT_EQ(near_wakes, 0);
  clock.AwaitWaiters(1);
  clock.Advance(absl::Seconds(1));
  far.join();
  EXPECT_GE(far_wakes, 0);
}

}  // namespace
}  // namespace assay::testing
