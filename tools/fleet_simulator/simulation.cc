#include "tools/fleet_simulator/simulation.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::fleet {
namespace {

// So that no two parts draw the same numbers.
uint64_t SeedOf(uint64_t seed, uint32_t part) {
  std::seed_seq sequence = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), part};
  std::array<uint32_t, 2> words;
  sequence.generate(words.begin(), words.end());
  return uint64_t{words[0]} << 32 | words[1];
}

SimulationOptions Seeded(SimulationOptions options) {
  options.fleet.seed = SeedOf(options.seed, 1);
  options.workload.seed = SeedOf(options.seed, 2);
  return options;
}

class Simulation {
 public:
  Simulation(const SimulationOptions& options, std::vector<LengthRow> lengths)
      : options_(Seeded(options)),
        workload_(options_.workload, std::move(lengths)),
        arrivals_(options_.load, options_.seed),
        counted_from_(EventQueue::Start() + options_.warm_up),
        end_(counted_from_ + options_.duration),
        fleet_(options_.fleet, &events_, [this](FleetChange change) { Tell(change); }) {
    for (int i = 0; i < options_.clients; ++i) {
      clients_.push_back(std::make_unique<FleetClient>(
          options_.client, SeedOf(options_.seed, 3 + i), &events_,
          [this](int id, const GroupRequest& request, Waiter waiter,
                 std::function<void(absl::Status)> answer) {
            fleet_.replica(id).Submit(request, std::move(waiter), std::move(answer));
          }));
    }
  }

  FleetTally Run() {
    fleet_.Start(end_);
    started_ = true;
    if (options_.load.rate > 0) {
      SendNext();
    } else {
      for (int64_t i = 0; i < options_.concurrency; ++i)
        events_.At(events_.now(), [this] { Send(); });
    }
    if (options_.timeline > absl::ZeroDuration()) KeepTimeline(EventQueue::Start());
    events_.RunUntil(counted_from_);
    const ReplicaCounts before = fleet_.counts();
    const double seconds_before = fleet_.replica_seconds(counted_from_);
    under_way_since_ = counted_from_;
    events_.RunUntil(end_);
    CountUnderWay();
    const ReplicaCounts after = fleet_.counts();
    tally_.replica_seconds = fleet_.replica_seconds(end_) - seconds_before;
    tally_.computed_tokens = static_cast<double>(after.computed_tokens - before.computed_tokens);
    tally_.tokens_possible =
        tally_.replica_seconds * options_.fleet.replica.device.tokens_per_second;
    tally_.window = options_.duration;
    tally_.passes = after.passes - before.passes;
    tally_.refusals = after.refused - before.refused;
    while (tally_.ended < tally_.sent && events_.RunNext()) {
    }
    for (const auto& client : clients_) tally_.hedges += client->hedges();
    tally_.broken = fleet_.broken();
    tally_.events = events_.run();
    return std::move(tally_);
  }

 private:
  void Tell(FleetChange change) {
    tally_.most_replicas = std::max(tally_.most_replicas, fleet_.ready());
    // That a replica goes shows in its connection at once; that one came, in the next look-up.
    for (size_t i = 0; i < clients_.size(); ++i) {
      Balancer* const balancer = &clients_[i]->balancer();
      if (!change.ready) {
        balancer->Remove(change.id);
      } else if (!started_) {
        balancer->Add(change.id);
      } else {
        const double phase = static_cast<double>(i + 1) / static_cast<double>(clients_.size());
        events_.After(options_.lookup_period * phase, [this, balancer, id = change.id] {
          if (!gone_.contains(id)) balancer->Add(id);
        });
      }
    }
    if (!change.ready) gone_.insert(change.id);
  }

  void SendNext() {
    const absl::Time when = EventQueue::Start() + arrivals_.Next();
    if (when >= end_) return;
    events_.At(when, [this] {
      Send();
      SendNext();
    });
  }

  void Send() {
    const absl::Time now = events_.now();
    if (now >= end_) return;
    CountUnderWay();
    ++tally_.sent;
    ++row_.sent;
    FleetClient& client = *clients_[tally_.sent % clients_.size()];
    client.Send(workload_.Next(), [this](const CallReport& report) { OnDone(report); });
  }

  void OnDone(const CallReport& report) {
    CountUnderWay();
    ++tally_.ended;
    if (report.sent >= counted_from_) tally_.counted.Count(report);
    if (report.outcome == Outcome::kOk && report.ended >= counted_from_ && report.ended < end_) {
      ++tally_.answered;
      tally_.answered_tokens += report.computed_tokens;
    }
    if (options_.timeline > absl::ZeroDuration()) row_.ended.Count(report);
    if (options_.load.rate <= 0) Send();
  }

  // Before the number of calls under way changes.
  void CountUnderWay() {
    const absl::Time now = std::min(events_.now(), end_);
    if (now <= under_way_since_) return;
    const double calls = static_cast<double>(tally_.sent - tally_.ended);
    tally_.call_seconds += calls * absl::ToDoubleSeconds(now - under_way_since_);
    under_way_since_ = now;
  }

  void KeepTimeline(absl::Time from) {
    const absl::Time until = from + options_.timeline;
    if (until > end_) return;
    events_.At(until, [this, until] {
      row_.until = until - EventQueue::Start();
      row_.ready = fleet_.ready();
      row_.starting = fleet_.starting();
      row_.queued_tokens = fleet_.queued_tokens();
      tally_.timeline.push_back(std::exchange(row_, {}));
      KeepTimeline(until);
    });
  }

  const SimulationOptions options_;
  EventQueue events_;
  Workload workload_;
  ShapedArrivals arrivals_;
  const absl::Time counted_from_;
  const absl::Time end_;
  std::vector<std::unique_ptr<FleetClient>> clients_;
  Fleet fleet_;
  std::unordered_set<int> gone_;
  bool started_ = false;
  absl::Time under_way_since_ = absl::InfiniteFuture();
  FleetTally tally_;
  TimelineRow row_;
};

absl::Status Refuse(const char* flag, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why));
}

}  // namespace

absl::Status SimulationOptions::Validate() const {
  const WorkQueueOptions& queue = fleet.replica.queue;
  if (queue.max_queued_tokens < queue.budget.max_tokens) {
    return Refuse("--max-queued-tokens",
                  absl::StrCat(queue.max_queued_tokens, " is less than --max-batch-tokens, ",
                               queue.budget.max_tokens));
  }
  if (load.burst_every > absl::ZeroDuration() && load.burst_for >= load.burst_every) {
    return Refuse("--burst-seconds", "must be less than --burst-every");
  }
  if (fleet.autoscaler.min_replicas > fleet.autoscaler.max_replicas) {
    return Refuse("--hpa-min", absl::StrCat(fleet.autoscaler.min_replicas, " is above --hpa-max, ",
                                            fleet.autoscaler.max_replicas));
  }
  return absl::OkStatus();
}

FleetTally Simulate(const SimulationOptions& options, std::vector<LengthRow> lengths) {
  return Simulation(options, std::move(lengths)).Run();
}

}  // namespace assay::fleet
