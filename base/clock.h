// base/clock.h
// Time and waiting, injected wherever a decision depends on them, so that tests move time by hand and never sleep.
#ifndef ASSAY_BASE_CLOCK_H_
#define ASSAY_BASE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace assay {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() const = 0;

  // Waits on `cv` until notified or until `deadline`. False once Now() >= deadline. May wake early: loop.
  virtual bool WaitUntil(Mutex& mu, CondVar& cv, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) = 0;

  // The machine's clock; lives as long as the process.
  static Clock* Real();
};

}  // namespace assay

#endif  // ASSAY_BASE_CLOCK_H_
