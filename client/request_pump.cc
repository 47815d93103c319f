#include "client/request_pump.h"

#include <utility>

namespace assay::client {

RequestPump::RequestPump(RequestSource source, int64_t room, std::function<void()> notify)
    : source_(std::move(source)),
      notify_(std::move(notify)),
      room_(room),
      thread_([this] { Run(); }) {}

RequestPump::~RequestPump() {
  Stop();
  thread_.join();
}

RequestPump::Pulled RequestPump::Take() {
  MutexLock lock(&mu_);
  return {.requests = std::exchange(pulled_, {}), .ended = ended_};
}

void RequestPump::Release(int64_t count) {
  MutexLock lock(&mu_);
  room_ += count;
  changed_.notify_one();
}

void RequestPump::Stop() {
  MutexLock lock(&mu_);
  stopped_ = true;
  changed_.notify_one();
}

void RequestPump::Run() {
  bool ended = false;
  while (!ended) {
    bool stopped;
    {
      MutexLock lock(&mu_);
      while (room_ == 0 && !stopped_) changed_.wait(mu_);
      stopped = stopped_;
    }
    std::optional<ScoreRequest> request;
    if (!stopped) request = source_();
    ended = !request.has_value();
    {
      MutexLock lock(&mu_);
      if (ended) {
        ended_ = true;
      } else {
        --room_;
        pulled_.push_back(*std::move(request));
      }
    }
    notify_();
  }
}

}  // namespace assay::client
