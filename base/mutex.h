// base/mutex.h
// The one mutex of the project: std::mutex under Clang's thread-safety annotations, so that the compiler proves that
// guarded members are touched under their lock, and ThreadSanitizer (which cannot see inside a prebuilt absl::Mutex)
// reports true races only.
#ifndef ASSAY_BASE_MUTEX_H_
#define ASSAY_BASE_MUTEX_H_

#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace assay {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void unlock() ABSL_UNLOCK_FUNCTION() { mu_.unlock(); }

 private:
  std::mutex mu_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_->lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_->unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mu_;
};

// Waits take a Mutex that the caller holds: `while (!condition) cv.wait(mu_);`.
using CondVar = std::condition_variable_any;

}  // namespace assay

#endif  // ASSAY_BASE_MUTEX_H_
