// server/thread_pool.h
// A fixed number of threads behind a queue that tenants share evenly and that is bounded by the
// jobs' own cost. Runs the encoding of requests, off the RPC threads and off the device's. Decides
// nothing about what it runs.
#ifndef ASSAY_SERVER_THREAD_POOL_H_
#define ASSAY_SERVER_THREAD_POOL_H_

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "base/mutex.h"
#include "server/fair_queue.h"
#include "server/flow.h"

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

  // Queues `job`; never waits. False, and nothing is queued, after Drain(), and with
  // OnFull::kRefuse where the waiting jobs leave no room, see FairQueue::IsFullFor(). `cost` > 0.
  bool TrySubmit(const Flow& flow, int64_t cost, OnFull on_full, Job job) ABSL_LOCKS_EXCLUDED(mu_);

  // True where a job of `tenant` finds room. Else `on_change` runs once, on another thread, when
  // that may have changed, which includes that the pool drains.
  bool HasRoomOrTell(const std::string& tenant, std::function<void()> on_change)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Runs every job that was taken, then joins the threads. Later calls do nothing.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

  int64_t queued_cost() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void RunWorker() ABSL_LOCKS_EXCLUDED(mu_);

  const int64_t max_queued_cost_;

  mutable Mutex mu_;
  CondVar work_;
  FairQueue<Job> queue_ ABSL_GUARDED_BY(mu_);
  std::vector<std::function<void()>> waiting_for_room_ ABSL_GUARDED_BY(mu_);
  bool draining_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.

  std::vector<std::thread> threads_;  // Last: start after the rest; joined by Drain().
};

}  // namespace assay

#endif  // ASSAY_SERVER_THREAD_POOL_H_
