// server/health_monitor.h
// Watches the workers' heartbeat and tells when the server's health changes. Readiness follows the
// devices alone: not the queue, however long it is.
#ifndef ASSAY_SERVER_HEALTH_MONITOR_H_
#define ASSAY_SERVER_HEALTH_MONITOR_H_

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/periodic_task.h"
#include "server/server_state.h"

namespace assay {

// kServing while any worker is idle or running.
Health HealthOf(absl::Span<const WorkerState> workers);

// Thread-safe.
class HealthMonitor {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(500);

  struct Hooks {
    std::function<std::vector<WorkerState>()> workers;
    std::function<void(Health)> on_change;
    std::function<void()> on_devices_failed;  // Once, when every worker is broken.
  };

  // Health is kServing until the first look, after kInterval. Hooks run on the monitor's thread, or
  // on that of BeginStopping(), one at a time. Borrows `clock`.
  HealthMonitor(Clock* clock, Hooks hooks);

  // kStopping from here on, for good; tells it before it returns.
  void BeginStopping() ABSL_LOCKS_EXCLUDED(mu_);

  Health health() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Look() ABSL_LOCKS_EXCLUDED(telling_, mu_);
  void Become(Health health) ABSL_EXCLUSIVE_LOCKS_REQUIRED(telling_) ABSL_LOCKS_EXCLUDED(mu_);

  const Hooks hooks_;
  Mutex telling_;  // Keeps changes in the order in which they are told. Taken before mu_.
  bool devices_failed_ ABSL_GUARDED_BY(telling_) = false;  // False, then true for good.
  mutable Mutex mu_;
  Health health_ ABSL_GUARDED_BY(mu_) = Health::kServing;
  PeriodicTask looks_;  // Last: starts after, joins before, the rest.
};

}  // namespace assay

#endif  // ASSAY_SERVER_HEALTH_MONITOR_H_
