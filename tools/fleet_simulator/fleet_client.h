// tools/fleet_simulator/fleet_client.h
// One client process of the fleet in simulated time: it chooses a replica for each call, tries others
// after a refusal, waits as the product's RetryPolicy says, hedges, and gives up at the deadline.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_CLIENT_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/hedge_budget.h"
#include "client/retry_policy.h"
#include "server/task_interest.h"
#include "tools/fleet_simulator/balancer.h"
#include "tools/fleet_simulator/event_queue.h"
#include "tools/fleet_simulator/request.h"

namespace assay::fleet {

struct FleetClientOptions {
  absl::Duration deadline = absl::Seconds(30);  // Of a call, all its tries together. > 0.
  // Tries of a call are at most retry.max_attempts; 0: as many as its time allows.
  client::RetryPolicy retry = {};
  bool bounded = true;  // See Balancer.
  // After a refusal, or a replica that is gone, so many others are tried at once before waiting.
  int tries_elsewhere = 1;
  client::HedgeOptions hedge = {};                   // Off as it is.
  absl::Duration network = absl::Microseconds(200);  // One way.
};

// What became of a call: one of these, once.
enum class Outcome { kOk, kRefused, kMissed, kUnavailable };

struct CallReport {
  Outcome outcome;
  absl::Time sent;
  absl::Time ended;
  int tries;
  int64_t computed_tokens;
};

// Not thread-safe. Borrows `events`, which must not run actions of a client that is gone.
class FleetClient {
 public:
  // As Replica::Submit(), to the replica of that name.
  using Submit = std::function<void(int replica, const GroupRequest& request, Waiter waiter,
                                    std::function<void(absl::Status)> answer)>;
  using Done = std::function<void(const CallReport&)>;

  FleetClient(const FleetClientOptions& options, uint64_t seed, EventQueue* events, Submit submit);
  FleetClient(const FleetClient&) = delete;
  FleetClient& operator=(const FleetClient&) = delete;

  // `done` runs exactly once, never within this call.
  void Send(GroupRequest request, Done done);

  Balancer& balancer() { return balancer_; }
  int64_t hedges() const { return hedges_; }

 private:
  struct Call;  // From Send() to the last answer to one of its tries.
  using CallPtr = std::shared_ptr<Call>;

  void Try(const CallPtr& call);
  void OnAnswer(const CallPtr& call, int replica, absl::Status status);
  void OnFailure(const CallPtr& call, absl::Status why);
  // Now or, while it cannot be, after waits that double.
  void Hedge(const CallPtr& call, absl::Duration waited);
  void Finish(Call& call, Outcome outcome);
  double Random() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  const FleetClientOptions options_;
  EventQueue* const events_;  // Borrowed.
  const Submit submit_;
  std::mt19937_64 random_;
  Balancer balancer_;
  client::HedgeBudget hedge_budget_;
  int64_t hedges_ = 0;
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_FLEET_CLIENT_H_
