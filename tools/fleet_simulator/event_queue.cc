#include "tools/fleet_simulator/event_queue.h"

#include <algorithm>
#include <utility>

namespace assay::fleet {

void EventQueue::At(absl::Time when, Action action) {
  heap_.push_back({std::max(when, now_), made_++, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), IsLater);
}

bool EventQueue::RunNext() {
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), IsLater);
  Event next = std::move(heap_.back());
  heap_.pop_back();
  now_ = next.when;
  ++run_;
  next.action();
  return true;
}

void EventQueue::RunUntil(absl::Time end) {
  while (!heap_.empty() && heap_.front().when <= end) RunNext();
  now_ = std::max(now_, end);
}

}  // namespace assay::fleet
