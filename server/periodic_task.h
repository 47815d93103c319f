// server/periodic_task.h
// Runs something every so often, on a thread of its own: what looks at files that may have changed.
#ifndef ASSAY_SERVER_PERIODIC_TASK_H_
#define ASSAY_SERVER_PERIODIC_TASK_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace assay {

class PeriodicTask {
 public:
  // Runs `task` first after one `interval`, > 0, then an interval after each run's end. Borrows
  // `clock`, which outlives it.
  PeriodicTask(Clock* clock, absl::Duration interval, std::function<void()> task);
  ~PeriodicTask();  // Waits for a run under way.
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);

  Clock* const clock_;  // Borrowed.
  const absl::Duration interval_;
  const std::function<void()> task_;

  Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  std::thread thread_;                          // Last: starts after, joins before, the rest.
};

}  // namespace assay

#endif  // ASSAY_SERVER_PERIODIC_TASK_H_
