#include "tools/fleet_simulator/fleet.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace assay::fleet {
namespace {

// How often a replica that drains is asked whether it is done.
constexpr absl::Duration kDrainPoll = absl::Seconds(1);

}  // namespace

Fleet::Fleet(const FleetOptions& options, EventQueue* events,
             std::function<void(FleetChange)> on_change)
    : options_(options),
      events_(events),
      on_change_(std::move(on_change)),
      random_(options.seed),
      autoscaler_(options.autoscaler) {}

void Fleet::Start(absl::Time end) {
  end_ = end;
  for (int i = 0; i < options_.replicas; ++i) Add(/*at_once=*/true);
  if (options_.queued_tokens_target <= 0 && options_.computed_tokens_target <= 0) return;
  Every(options_.scrape_period,
        [this] { metrics_.Scrape(events_->now(), queued_tokens(), counts().computed_tokens); });
  Every(options_.autoscaler_period, [this] { Scale(); });
}

void Fleet::Scale() {
  std::vector<MetricReading> readings;
  if (options_.queued_tokens_target > 0) {
    readings.push_back({metrics_.queued_tokens(), options_.queued_tokens_target});
  }
  if (options_.computed_tokens_target > 0) {
    readings.push_back({metrics_.computed_tokens_per_second(), options_.computed_tokens_target});
  }
  const int current = ready_ + starting_;
  const int desired = autoscaler_.Desired(events_->now(), current, ready_, readings);
  for (int i = current; i < desired; ++i) Add(/*at_once=*/false);
  for (int i = desired; i < current; ++i) RemoveOne();
}

int64_t Fleet::queued_tokens() const {
  int64_t tokens = 0;
  for (const Member& member : members_) {
    if (member.state == State::kReady) tokens += member.replica->queued_tokens();
  }
  return tokens;
}

ReplicaCounts Fleet::counts() const {
  ReplicaCounts sum;
  for (const Member& member : members_) {
    const ReplicaCounts& counts = member.replica->counts();
    sum.passes += counts.passes;
    sum.computed_tokens += counts.computed_tokens;
    sum.refused += counts.refused;
  }
  return sum;
}

double Fleet::replica_seconds(absl::Time now) const {
  double seconds = 0;
  for (const Member& member : members_) {
    seconds += absl::ToDoubleSeconds(std::min(now, member.gone) - member.born);
  }
  return seconds;
}

void Fleet::Add(bool at_once) {
  const int id = static_cast<int>(members_.size());
  members_.push_back(
      {.replica = std::make_unique<Replica>(options_.replica, events_), .born = events_->now()});
  ++starting_;
  if (at_once) return BecomeReady(id);
  events_->After(options_.start_delay, [this, id] {
    if (members_[id].state == State::kStarting) BecomeReady(id);
  });
}

void Fleet::BecomeReady(int id) {
  members_[id].state = State::kReady;
  --starting_;
  ++ready_;
  on_change_({.id = id, .ready = true});
  BreakAfterAWhile(id);
}

void Fleet::RemoveOne() {
  // As Kubernetes: first what is not ready yet, then the youngest.
  for (const State state : {State::kStarting, State::kReady}) {
    for (size_t id = members_.size(); id-- > 0;) {
      if (members_[id].state == state) return Drain(static_cast<int>(id));
    }
  }
}

void Fleet::Drain(int id) {
  Member& member = members_[id];
  if (member.state == State::kStarting) {
    --starting_;
    member.state = State::kGone;
    member.gone = events_->now();
    return;
  }
  --ready_;
  member.state = State::kDraining;
  on_change_({.id = id, .ready = false});
  AwaitIdle(id);
}

void Fleet::AwaitIdle(int id) {
  events_->After(kDrainPoll, [this, id] {
    if (members_[id].state != State::kDraining) return;
    if (!members_[id].replica->idle()) return AwaitIdle(id);
    members_[id].state = State::kGone;
    members_[id].gone = events_->now();
  });
}

void Fleet::BreakAfterAWhile(int id) {
  if (options_.mean_time_to_failure == absl::InfiniteDuration()) return;
  const double uniform = (static_cast<double>(random_() >> 11) + 1) * 0x1p-53;
  const absl::Time when = events_->now() - std::log(uniform) * options_.mean_time_to_failure;
  if (when > end_) return;
  events_->At(when, [this, id] {
    Member& member = members_[id];
    if (member.state != State::kReady) return;
    --ready_;
    ++broken_;
    member.state = State::kGone;
    member.gone = events_->now();
    on_change_({.id = id, .ready = false});
    member.replica->Break();
    Add(/*at_once=*/false);
  });
}

void Fleet::Every(absl::Duration period, std::function<void()> action) {
  const size_t index = repeated_.size();
  repeated_.push_back([this, period, index, action = std::move(action)] {
    action();
    if (events_->now() + period <= end_)
      events_->After(period, [this, index] { repeated_[index](); });
  });
  events_->After(period, [this, index] { repeated_[index](); });
}

}  // namespace assay::fleet
