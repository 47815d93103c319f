#include "tests/testing/fake_clock.h"

#include <algorithm>

namespace assay::testing {

absl::Time FakeClock::Now() const {
  MutexLock lock(&mu_);
  return now_;
}

bool FakeClock::WaitUntil(Mutex& mu, CondVar& cv, absl::Time deadline) {
  const Waiter self{&mu, &cv};
  {
    MutexLock lock(&mu_);
    if (now_ >= deadline) return false;
    waiters_.push_back(self);
    changed_.notify_all();
  }
  cv.wait(mu);
  // An Advance() may still be about to notify `cv`: it must be done with it before this returns,
  // and it needs `mu`.
  mu.unlock();
  bool before;
  {
    MutexLock lock(&mu_);
    while (advancing_ > 0) changed_.wait(mu_);
    waiters_.erase(std::find(waiters_.begin(), waiters_.end(), self));
    before = now_ < deadline;
  }
  mu.lock();
  return before;
}

void FakeClock::Advance(absl::Duration step) {
  std::vector<Waiter> waiters;
  {
    MutexLock lock(&mu_);
    now_ += step;
    ++advancing_;
    waiters = waiters_;
  }
  for (const Waiter& waiter : waiters) {
    MutexLock lock(waiter.mu);
    waiter.cv->notify_all();
  }
  MutexLock lock(&mu_);
  --advancing_;
  changed_.notify_all();
}

void FakeClock::AwaitWaiters(size_t count) {
  MutexLock lock(&mu_);
  while (waiters_.size() < count) changed_.wait(mu_);
}

}  // namespace assay::testing
