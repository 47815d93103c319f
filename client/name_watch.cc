#include "client/name_watch.h"

#include <utility>

namespace assay::client {

NameWatch::NameWatch(std::vector<ServerName> names, LookUp look_up, Clock* clock, Listener listener)
    : names_(std::move(names)),
      look_up_(std::move(look_up)),
      clock_(clock),
      listener_(std::move(listener)),
      thread_([this] { Run(); }) {}

NameWatch::~NameWatch() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void NameWatch::AwaitFirst() {
  MutexLock lock(&mu_);
  while (!looked_) changed_.wait(mu_);
}

void NameWatch::LookAgain() {
  MutexLock lock(&mu_);
  again_ = true;
  changed_.notify_all();
}

void NameWatch::Run() {
  do {
    for (size_t i = 0; i < names_.size() && !stopping(); ++i) listener_(i, look_up_(names_[i]));
  } while (AwaitNextRound());
}

bool NameWatch::AwaitNextRound() {
  MutexLock lock(&mu_);
  looked_ = true;
  changed_.notify_all();
  const absl::Time ended = clock_->Now();
  while (!stopping_) {
    const absl::Time next = ended + (again_ ? kShortestInterval : kInterval);
    if (clock_->Now() >= next) break;
    clock_->WaitUntil(mu_, changed_, next);
  }
  again_ = false;
  return !stopping_;
}

bool NameWatch::stopping() {
  MutexLock lock(&mu_);
  return stopping_;
}

}  // namespace assay::client
