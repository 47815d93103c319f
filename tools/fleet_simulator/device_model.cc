#include "tools/fleet_simulator/device_model.h"

#include <algorithm>

namespace assay::fleet {

void DeviceModel::Begin(int64_t id, int64_t tokens, absl::Time now) {
  ShareUntil(now);
  const double seconds = static_cast<double>(tokens) / options_.tokens_per_second;
  Pass pass = {.id = id};
  switch (options_.kind) {
    case DeviceKind::kOwn:
      pass.end = now + options_.pass_overhead + absl::Seconds(seconds * options_.workers);
      break;
    case DeviceKind::kShared:
      pass.left = options_.pass_overhead + absl::Seconds(seconds);
      break;
    case DeviceKind::kPipelined:
      pass.end = std::max(now + options_.pass_overhead, free_at_) + absl::Seconds(seconds);
      free_at_ = pass.end;
      break;
  }
  passes_.push_back(pass);
}

absl::Time DeviceModel::NextEnd() const {
  absl::Time next = absl::InfiniteFuture();
  for (const Pass& pass : passes_) {
    const absl::Time end = options_.kind == DeviceKind::kShared
                               ? shared_until_ + pass.left * passes_.size()
                               : pass.end;
    next = std::min(next, end);
  }
  return next;
}

std::vector<int64_t> DeviceModel::TakeEnded(absl::Time now) {
  ShareUntil(now);
  std::vector<int64_t> ended;
  const auto has_ended = [&](const Pass& pass) {
    return options_.kind == DeviceKind::kShared ? pass.left <= absl::ZeroDuration()
                                                : pass.end <= now;
  };
  for (const Pass& pass : passes_) {
    if (has_ended(pass)) ended.push_back(pass.id);
  }
  passes_.erase(std::remove_if(passes_.begin(), passes_.end(), has_ended), passes_.end());
  return ended;
}

void DeviceModel::ShareUntil(absl::Time now) {
  if (options_.kind != DeviceKind::kShared) return;
  // A quarter of a nanosecond, the grain of absl::Duration, may be lost a share: it counts as done.
  const absl::Duration grain = absl::Nanoseconds(1);
  for (Pass& pass : passes_) {
    pass.left -= (now - shared_until_) / passes_.size();
    if (pass.left <= grain) pass.left = absl::ZeroDuration();
  }
  shared_until_ = now;
}

}  // namespace assay::fleet
