#include "tools/fleet_simulator/fleet_client.h"

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "base/retry_after.h"

namespace assay::fleet {

struct FleetClient::Call {
  GroupRequest request;
  Done done;  // Null once it has run.
  absl::Time sent;
  absl::Time deadline;
  CancelFlag cancelled;
  std::vector<int> tried = {};  // Since the last wait.
  // Of those the one that asks for the shortest wait.
  absl::Status shortest = absl::OkStatus();
  int tries = 0;
  int waits = 0;
  int under_way = 0;
  bool hedged = false;
};

FleetClient::FleetClient(const FleetClientOptions& options, uint64_t seed, EventQueue* events,
                         Submit submit)
    : options_(options),
      events_(events),
      submit_(std::move(submit)),
      random_(seed),
      balancer_(options.bounded, random_()),
      hedge_budget_(options.hedge.max_share) {}

void FleetClient::Send(GroupRequest request, Done done) {
  const absl::Time now = events_->now();
  auto call = std::make_shared<Call>(Call{.request = std::move(request),
                                          .done = std::move(done),
                                          .sent = now,
                                          .deadline = now + options_.deadline,
                                          .cancelled = std::make_shared<std::atomic<bool>>(false)});
  hedge_budget_.CountCall();
  events_->At(now, [this, call] { Try(call); });
  if (options_.hedge.after < options_.deadline) {
    events_->After(options_.hedge.after, [this, call] { Hedge(call, options_.hedge.after); });
  }
}

void FleetClient::Try(const CallPtr& call) {
  ++call->tries;
  const std::optional<int> replica = balancer_.Choose(call->tried);
  if (!replica.has_value()) return OnFailure(call, absl::UnavailableError("no replica is ready"));
  call->tried.push_back(*replica);
  ++call->under_way;
  balancer_.Began(*replica);
  events_->After(options_.network, [this, call, replica = *replica] {
    submit_(replica, call->request, {.deadline = call->deadline, .cancelled = call->cancelled},
            [this, call, replica](absl::Status status) {
              events_->After(options_.network, [this, call, replica, status = std::move(status)] {
                OnAnswer(call, replica, status);
              });
            });
  });
}

void FleetClient::OnAnswer(const CallPtr& call, int replica, absl::Status status) {
  balancer_.Ended(replica);
  --call->under_way;
  if (call->done == nullptr) return;
  if (events_->now() > call->deadline) return Finish(*call, Outcome::kMissed);
  if (status.ok()) return Finish(*call, Outcome::kOk);
  if (!client::IsRetryable(status)) return Finish(*call, Outcome::kMissed);
  OnFailure(call, std::move(status));
}

void FleetClient::OnFailure(const CallPtr& call, absl::Status why) {
  if (call->shortest.ok() || RetryAfter(why) < RetryAfter(call->shortest)) call->shortest = why;
  if (call->under_way > 0) return;  // Its hedge may still answer.
  const int most = options_.retry.max_attempts;
  const bool may_try = most == 0 || call->tries < most;
  // Those of this round, the first not counted; another must be left.
  const int elsewhere = static_cast<int>(call->tried.size()) - 1;
  if (may_try && elsewhere < options_.tries_elsewhere && call->tried.size() < balancer_.size()) {
    return Try(call);
  }
  const std::optional<absl::Time> next =
      may_try ? client::NextAttempt(options_.retry, call->shortest, ++call->waits, Random(),
                                    events_->now(), call->deadline)
              : std::nullopt;
  if (!next.has_value()) {
    return Finish(*call,
                  absl::IsUnavailable(call->shortest) ? Outcome::kUnavailable : Outcome::kRefused);
  }
  call->tried.clear();
  call->shortest = absl::OkStatus();
  events_->At(*next, [this, call] { Try(call); });
}

void FleetClient::Hedge(const CallPtr& call, absl::Duration waited) {
  const bool waits_for_one = call->done != nullptr && call->under_way == 1 && !call->hedged;
  if (!waits_for_one) return;
  if (call->tried.size() >= balancer_.size() || !hedge_budget_.Take()) {
    const absl::Duration wait = 2 * waited;
    if (events_->now() + wait < call->deadline) {
      events_->After(wait, [this, call, wait] { Hedge(call, wait); });
    }
    return;
  }
  call->hedged = true;
  ++hedges_;
  Try(call);
}

void FleetClient::Finish(Call& call, Outcome outcome) {
  call.cancelled->store(true, std::memory_order_relaxed);
  std::exchange(call.done, nullptr)({.outcome = outcome,
                                     .sent = call.sent,
                                     .ended = events_->now(),
                                     .tries = call.tries,
                                     .computed_tokens = call.request.computed_tokens()});
}

}  // namespace assay::fleet
