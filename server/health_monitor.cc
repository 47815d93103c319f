#include "server/health_monitor.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace assay {

Health HealthOf(absl::Span<const WorkerState> workers) {
  const bool any_well = std::any_of(workers.begin(), workers.end(), [](const WorkerState& worker) {
    return worker.condition == WorkerCondition::kIdle ||
           worker.condition == WorkerCondition::kRunning;
  });
  return any_well ? Health::kServing : Health::kUnhealthy;
}

HealthMonitor::HealthMonitor(Clock* clock, Hooks hooks)
    : hooks_(std::move(hooks)), looks_(clock, kInterval, [this] { Look(); }) {}

void HealthMonitor::BeginStopping() {
  MutexLock lock(&telling_);
  Become(Health::kStopping);
}

Health HealthMonitor::health() const {
  MutexLock lock(&mu_);
  return health_;
}

void HealthMonitor::Look() {
  const std::vector<WorkerState> workers = hooks_.workers();
  MutexLock lock(&telling_);
  if (health() != Health::kStopping) Become(HealthOf(workers));
  const bool all_broken = std::all_of(
      workers.begin(), workers.end(),
      [](const WorkerState& worker) { return worker.condition == WorkerCondition::kBroken; });
  if (all_broken && !std::exchange(devices_failed_, true)) hooks_.on_devices_failed();
}

void HealthMonitor::Become(Health health) {
  {
    MutexLock lock(&mu_);
    if (health_ == health) return;
    health_ = health;
  }
  hooks_.on_change(health);
}

}  // namespace assay
