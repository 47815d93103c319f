// tools/fleet_simulator/event_queue.h
// The clock of a simulation: actions in the order of their times, and of their making where those are
// equal, so that a run is the same each time. Decides nothing else.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_EVENT_QUEUE_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_EVENT_QUEUE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/time/time.h"

namespace assay::fleet {

// Not thread-safe.
class EventQueue {
 public:
  using Action = std::function<void()>;

  // It begins here.
  static absl::Time Start() { return absl::UnixEpoch(); }

  absl::Time now() const { return now_; }
  absl::Duration elapsed() const { return now_ - Start(); }

  // `action` runs at `when`, now at the earliest.
  void At(absl::Time when, Action action);
  void After(absl::Duration wait, Action action) { At(now_ + wait, std::move(action)); }

  // Runs the next action; false where none is left.
  bool RunNext();
  // Runs what is due until `end`, and makes it that time.
  void RunUntil(absl::Time end);

  int64_t run() const { return run_; }  // Actions so far.

 private:
  struct Event {
    absl::Time when;
    int64_t number;
    Action action;
  };
  static bool IsLater(const Event& a, const Event& b) {
    return a.when != b.when ? a.when > b.when : a.number > b.number;
  }

  absl::Time now_ = Start();
  int64_t made_ = 0;
  int64_t run_ = 0;
  std::vector<Event> heap_;  // The next one first, by std::push_heap with IsLater.
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_EVENT_QUEUE_H_
