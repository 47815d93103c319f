// server/thread_pool.h
// A fixed number of threads behind a queue that is bounded by the jobs' own cost. Runs the encoding
// of requests, off the RPC threads and off the device's. Decides nothing about what it runs.
#ifndef ASSAY_SERVER_THREAD_POOL_H_
#define ASSAY_SERVER_THREAD_POOL_H_

#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "base/mutex.h"

namespace assay {

// Thread-safe, except that the owner alone calls Drain() and the destructor.
class ThreadPool {
 public:
  using Job = absl::AnyInvocable<void() &&>;

  // `threads` > 0. `max_queued_cost` > 0, in whatever unit the callers count: jobs that run no
  // longer count.
  ThreadPool(int threads, int64_t max_queued_cost);
  ~ThreadPool();  // As Drain().
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Queues `job`; never waits. False, and nothing is queued, when the waiting jobs and this one
  // cost more than the bound, or after Drain(). An empty queue takes any one job.
  bool TrySubmit(int64_t cost, Job job) ABSL_LOCKS_EXCLUDED(mu_);

  // Runs every job that was taken, then joins the threads. Later calls do nothing.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiting {
    int64_t cost;
    Job job;
  };

  void RunWorker() ABSL_LOCKS_EXCLUDED(mu_);

  const int64_t max_queued_cost_;

  Mutex mu_;
  CondVar work_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mu_);
  int64_t queued_cost_ ABSL_GUARDED_BY(mu_) = 0;  // Sum over queue_.
  bool draining_ ABSL_GUARDED_BY(mu_) = false;    // False, then true for good.

  std::vector<std::thread> threads_;  // Last: start after the rest; joined by Drain().
};

}  // namespace assay

#endif  // ASSAY_SERVER_THREAD_POOL_H_
