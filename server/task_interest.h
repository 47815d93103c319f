// server/task_interest.h
// Who still waits for a task. Usually one request; more where equal conversations share one pass. A
// task is worth running while any of them is there and in time. Decides nothing else.
#ifndef ASSAY_SERVER_TASK_INTEREST_H_
#define ASSAY_SERVER_TASK_INTEREST_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace assay {

// Set once, by the RPC whose caller is gone; read by every stage that would otherwise work for
// nobody.
using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// One who waits.
struct Waiter {
  absl::Time deadline = absl::InfiniteFuture();
  CancelFlag cancelled = nullptr;  // Null: never cancelled.

  //   CANCELLED, DEADLINE_EXCEEDED  it waits no longer; `where` ends the message: "while ...".
  absl::Status Check(absl::Time now, const char* where) const;
};

// Thread-safe.
class TaskInterest {
 public:
  explicit TaskInterest(Waiter first) : waiters_({std::move(first)}) {}
  TaskInterest(const TaskInterest&) = delete;
  TaskInterest& operator=(const TaskInterest&) = delete;

  // One more waits. False, and nothing is changed, when the task was given up already.
  bool Join(Waiter waiter) ABSL_LOCKS_EXCLUDED(mu_);

  // After it nobody can be waiting.
  absl::Time LatestDeadline() ABSL_LOCKS_EXCLUDED(mu_);

  // OK while anyone waits. Otherwise the task is given up for good, and each call says why:
  // DEADLINE_EXCEEDED where any waiter's time ran out, else CANCELLED.
  absl::Status Check(absl::Time now) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  Mutex mu_;
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mu_);  // At least one.
  absl::Status given_up_ ABSL_GUARDED_BY(mu_);        // OK, then why, for good.
};

}  // namespace assay

#endif  // ASSAY_SERVER_TASK_INTEREST_H_
