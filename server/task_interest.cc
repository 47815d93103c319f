#include "server/task_interest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay {

absl::Status Waiter::Check(absl::Time now, const char* where) const {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    return absl::CancelledError(absl::StrCat("the caller went away ", where));
  }
  if (deadline <= now) {
    return absl::DeadlineExceededError(absl::StrCat("the deadline passed ", where));
  }
  return absl::OkStatus();
}

bool TaskInterest::Join(Waiter waiter) {
  MutexLock lock(&mu_);
  if (!given_up_.ok()) return false;
  waiters_.push_back(std::move(waiter));
  return true;
}

absl::Time TaskInterest::LatestDeadline() {
  MutexLock lock(&mu_);
  absl::Time latest = absl::InfinitePast();
  for (const Waiter& waiter : waiters_) latest = std::max(latest, waiter.deadline);
  return latest;
}

absl::Status TaskInterest::Check(absl::Time now) {
  MutexLock lock(&mu_);
  if (!given_up_.ok()) return given_up_;
  absl::Status why;
  for (const Waiter& waiter : waiters_) {
    absl::Status gone = waiter.Check(now, "while the request was queued");
    if (gone.ok()) return gone;
    if (why.ok() || absl::IsDeadlineExceeded(gone)) why = std::move(gone);
  }
  given_up_ = why;
  return why;
}

}  // namespace assay
