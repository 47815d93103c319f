#include "base/clock.h"

#include <thread>

#include "absl/time/time.h"
#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(RealClockTest, AWaitEndsAtItsDeadline) {
  Mutex mu;
  CondVar cv;
  MutexLock lock(&mu);
  const absl::Time deadline = Clock::Real()->Now() + absl::Milliseconds(1);
  while (Clock::Real()->WaitUntil(mu, cv, deadline)) {
  }
  EXPECT_GE(Clock::Real()->Now(), deadline);
}

TEST(RealClockTest, ANotificationEndsAWaitWithoutADeadline) {
  Mutex mu;
  CondVar cv;
  bool ready = false;
  std::thread notifier([&] {
    MutexLock lock(&mu);
    ready = true;
    cv.notify_all();
  });
  {
    MutexLock lock(&mu);
    while (!ready) EXPECT_TRUE(Clock::Real()->WaitUntil(mu, cv, absl::InfiniteFuture()));
  }
  notifier.join();
}

}  // namespace
}  // namespace assay
