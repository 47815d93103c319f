#include "server/thread_pool.h"

#include <utility>

namespace assay {

ThreadPool::ThreadPool(int threads, int64_t max_queued_cost) : max_queued_cost_(max_queued_cost) {
  threads_.reserve(threads);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { RunWorker(); });
}

ThreadPool::~ThreadPool() { Drain(); }

bool ThreadPool::TrySubmit(int64_t cost, Job job) {
  MutexLock lock(&mu_);
  if (draining_) return false;
  if (!queue_.empty() && queued_cost_ + cost > max_queued_cost_) return false;
  queued_cost_ += cost;
  queue_.push_back({cost, std::move(job)});
  work_.notify_one();
  return true;
}

void ThreadPool::Drain() {
  {
    MutexLock lock(&mu_);
    draining_ = true;
    work_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ThreadPool::RunWorker() {
  while (true) {
    Job job;
    {
      MutexLock lock(&mu_);
      while (queue_.empty() && !draining_) work_.wait(mu_);
      if (queue_.empty()) return;
      queued_cost_ -= queue_.front().cost;
      job = std::move(queue_.front().job);
      queue_.pop_front();
    }
    std::move(job)();
  }
}

}  // namespace assay
