// tests/testing/fake_clock.h
// A clock that stands still until a test moves it.
#ifndef ASSAY_TESTS_TESTING_FAKE_CLOCK_H_
#define ASSAY_TESTS_TESTING_FAKE_CLOCK_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace assay::testing {

// Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'000'000'000)) : now_(start) {}

  absl::Time Now() const override ABSL_LOCKS_EXCLUDED(mu_);
  bool WaitUntil(Mutex& mu, CondVar& cv, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) ABSL_LOCKS_EXCLUDED(mu_);

  // Moves time on by `step`, not negative, and wakes every wait, whether or not its deadline came.
  // The caller holds no lock that a waiter needs.
  void Advance(absl::Duration step) ABSL_LOCKS_EXCLUDED(mu_);

  // Blocks until `count` threads are inside WaitUntil().
  void AwaitWaiters(size_t count) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiter {
    Mutex* mu;
    CondVar* cv;
    bool operator==(const Waiter&) const = default;
  };

  mutable Mutex mu_;
  CondVar changed_;  // waiters_ or advancing_ changed.
  absl::Time now_ ABSL_GUARDED_BY(mu_);
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mu_);
  int advancing_ ABSL_GUARDED_BY(mu_) = 0;  // Advance() calls that still touch waiters.
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_FAKE_CLOCK_H_
