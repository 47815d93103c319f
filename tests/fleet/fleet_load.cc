#include "tests/fleet/fleet_load.h"

#include <algorithm>
#include <utility>

namespace assay::testing {

FleetLoad::FleetLoad(client::RewardClient* client, const FleetLoadOptions& options)
    : client_(client), options_(options), last_right_(Clock::Real()->Now()) {
  if (options.kind == LoadKind::kBulk) {
    threads_.emplace_back([this] { ScoreInBulk(); });
    return;
  }
  for (int i = 0; i < options.concurrency; ++i) threads_.emplace_back([this] { CallInTurn(); });
}

FleetLoad::~FleetLoad() { End(); }

void FleetLoad::CallInTurn() {
  while (const std::optional<int64_t> index = Begin()) {
    const client::ScoreRequest request = CheckedRequest(*index, options_.size);
    Count(*index, request, client_->Score(request, options_.deadline));
  }
}

void FleetLoad::ScoreInBulk() {
  client_
      ->ScoreAll(
          [this]() -> std::optional<client::ScoreRequest> {
            const std::optional<int64_t> index = Begin();
            if (!index.has_value()) return std::nullopt;
            return CheckedRequest(*index, options_.size);
          },
          [this](int64_t index, absl::StatusOr<client::ScoreReply> reply) {
            Count(index, CheckedRequest(index, options_.size), reply);
          },
          {.max_in_flight = options_.concurrency}, options_.deadline)
      .IgnoreError();  // Every request was told of it.
}

std::optional<int64_t> FleetLoad::Begin() {
  MutexLock lock(&mu_);
  if (ending_) return std::nullopt;
  const int64_t index = counts_.calls++;
  under_way_.emplace(index, Clock::Real()->Now());
  return index;
}

void FleetLoad::Count(int64_t index, const client::ScoreRequest& request,
                      const absl::StatusOr<client::ScoreReply>& reply) {
  absl::Status status = reply.status();
  if (reply.ok()) {
    for (const auto& result : reply->results) status.Update(result.status());
  }
  const bool right = status.ok() && AllRight(request, *reply);
  const absl::Time now = Clock::Real()->Now();
  MutexLock lock(&mu_);
  const auto call = under_way_.find(index);
  if (call == under_way_.end()) {
    ++counts_.several;
    return;
  }
  if (right) {
    ++counts_.right;
    counts_.latency.Add(now - call->second);
    counts_.longest_silence = std::max(counts_.longest_silence, now - last_right_);
    last_right_ = now;
  } else if (status.ok()) {
    ++counts_.wrong;
  } else {
    ++counts_.failed[status.code()];
  }
  under_way_.erase(call);
}

FleetLoadCounts FleetLoad::Counts() const {
  MutexLock lock(&mu_);
  FleetLoadCounts counts = counts_;
  counts.without_outcome = static_cast<int64_t>(under_way_.size());
  return counts;
}

void FleetLoad::NewWindow() {
  MutexLock lock(&mu_);
  counts_.latency = {};
  counts_.longest_silence = {};
}

FleetLoadCounts FleetLoad::End() {
  {
    MutexLock lock(&mu_);
    ending_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return Counts();
}

}  // namespace assay::testing
