#include "server/thread_pool.h"

#include <utility>

namespace assay {

ThreadPool::ThreadPool(int threads, int64_t max_queued_cost) : max_queued_cost_(max_queued_cost) {
  threads_.reserve(threads);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { RunWorker(); });
}

ThreadPool::~ThreadPool() { Drain(); }

bool ThreadPool::TrySubmit(const Flow& flow, int64_t cost, OnFull on_full, Job job) {
  MutexLock lock(&mu_);
  if (draining_) return false;
  if (on_full == OnFull::kRefuse && queue_.IsFullFor(flow.tenant, cost, max_queued_cost_)) {
    return false;
  }
  queue_.Push(flow, cost, std::move(job));
  work_.notify_one();
  return true;
}

bool ThreadPool::HasRoomOrTell(const std::string& tenant, std::function<void()> on_change) {
  MutexLock lock(&mu_);
  if (draining_ || !queue_.IsFullFor(tenant, 1, max_queued_cost_)) return true;
  waiting_for_room_.push_back(std::move(on_change));
  return false;
}

int64_t ThreadPool::queued_cost() const {
  MutexLock lock(&mu_);
  return queue_.cost();
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
    std::vector<std::function<void()>> to_tell;
    {
      MutexLock lock(&mu_);
      while (queue_.empty() && !draining_) work_.wait(mu_);
      to_tell.swap(waiting_for_room_);
      if (!queue_.empty()) queue_.TakeOne([&job](Job taken) { job = std::move(taken); });
    }
    for (const std::function<void()>& tell : to_tell) tell();
    if (job == nullptr) return;
    std::move(job)();
  }
}

}  // namespace assay
