// tools/fleet_simulator/fleet.h
// The replicas of a fleet over time: they start, become ready, drain and break, as the autoscaler or
// chance wants it, and clients learn of it. Decides nothing about calls.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "tools/fleet_simulator/autoscaler.h"
#include "tools/fleet_simulator/event_queue.h"
#include "tools/fleet_simulator/replica.h"
#include "tools/fleet_simulator/scraped_metrics.h"

namespace assay::fleet {

struct FleetOptions {
  int replicas = 1;  // At the beginning, all ready. > 0.
  ReplicaOptions replica = {};
  // From the decision that a replica is wanted until it is ready: node, image, checkpoint.
  absl::Duration start_delay = absl::Seconds(60);
  AutoscalerOptions autoscaler = {};
  // The autoscaler's targets, a replica; 0: not scaled on that. Without any there is no autoscaler.
  double queued_tokens_target = 0;
  double computed_tokens_target = 0;  // A second.
  // The autoscaler looks so often, at what was scraped last.
  absl::Duration autoscaler_period = absl::Seconds(15);
  absl::Duration scrape_period = absl::Seconds(15);
  // Mean time after which a replica breaks; it is started again at once.
  absl::Duration mean_time_to_failure = absl::InfiniteDuration();
  uint64_t seed = 1;
};

// What clients are told: replica `id` takes calls from now on, or no more.
struct FleetChange {
  int id;
  bool ready;
};

// Not thread-safe. Borrows `events`, which must not run actions of a fleet that is gone.
class Fleet {
 public:
  Fleet(const FleetOptions& options, EventQueue* events,
        std::function<void(FleetChange)> on_change);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Begins: the first replicas are ready; autoscaler and failures run until `end`.
  void Start(absl::Time end);

  Replica& replica(int id) { return *members_[id].replica; }

  int ready() const { return ready_; }
  int starting() const { return starting_; }
  int broken() const { return broken_; }
  int64_t queued_tokens() const;  // Of ready replicas.
  ReplicaCounts counts() const;   // Sums.
  // What would have to be paid for: replicas that start, are ready or drain, times their time.
  double replica_seconds(absl::Time now) const;

 private:
  enum class State { kStarting, kReady, kDraining, kGone };
  struct Member {
    std::unique_ptr<Replica> replica;
    State state = State::kStarting;
    absl::Time born;
    absl::Time gone = absl::InfiniteFuture();
  };

  void Add(bool at_once);
  void BecomeReady(int id);
  void RemoveOne();
  void Drain(int id);
  void AwaitIdle(int id);
  void BreakAfterAWhile(int id);
  void Scale();
  void Every(absl::Duration period, std::function<void()> action);

  const FleetOptions options_;
  EventQueue* const events_;  // Borrowed.
  const std::function<void(FleetChange)> on_change_;
  std::mt19937_64 random_;
  Autoscaler autoscaler_;
  absl::Time end_;
  std::vector<Member> members_;
  std::vector<std::function<void()>> repeated_;
  int ready_ = 0;
  int starting_ = 0;
  int broken_ = 0;
  ScrapedMetrics metrics_;
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_H_
