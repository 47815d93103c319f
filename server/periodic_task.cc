#include "server/periodic_task.h"

#include <utility>

namespace assay {

PeriodicTask::PeriodicTask(Clock* clock, absl::Duration interval, std::function<void()> task)
    : clock_(clock), interval_(interval), task_(std::move(task)), thread_([this] { Loop(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void PeriodicTask::Loop() {
  while (true) {
    {
      MutexLock lock(&mu_);
      const absl::Time next = clock_->Now() + interval_;
      while (!stopping_ && clock_->WaitUntil(mu_, changed_, next)) {
      }
      if (stopping_) return;
    }
    task_();
  }
}

}  // namespace assay
