#include "tools/fleet_simulator/balancer.h"

#include <algorithm>
#include <cmath>

namespace assay::fleet {
namespace {

constexpr double kBound = 1.25;

bool Contains(absl::Span<const int> replicas, int replica) {
  return std::find(replicas.begin(), replicas.end(), replica) != replicas.end();
}

}  // namespace

void Balancer::Add(int replica) {
  ready_.push_back(replica);
  if (replicas_.size() <= static_cast<size_t>(replica)) replicas_.resize(replica + 1);
  replicas_[replica].ready = true;
  open_calls_ += replicas_[replica].open;
}

void Balancer::Remove(int replica) {
  const auto found = std::find(ready_.begin(), ready_.end(), replica);
  if (found == ready_.end()) return;
  ready_.erase(found);
  replicas_[replica].ready = false;
  open_calls_ -= replicas_[replica].open;
}

std::optional<int> Balancer::Choose(absl::Span<const int> tried) {
  const size_t n = ready_.size();
  if (n == 0) return std::nullopt;
  const double share = static_cast<double>(open_calls_ + 1) / static_cast<double>(n);
  const int64_t most = static_cast<int64_t>(std::ceil(kBound * share)) + 1;
  const uint64_t turn = turn_++;
  std::optional<int> untried;
  for (size_t i = 0; i < n; ++i) {
    const int replica = ready_[(turn + i) % n];
    if (Contains(tried, replica)) continue;
    if (!bounded_ || replicas_[replica].open + 1 <= most) return replica;
    if (!untried.has_value()) untried = replica;
  }
  return untried.has_value() ? *untried : ready_[turn % n];
}

void Balancer::Began(int replica) {
  ++replicas_[replica].open;
  if (replicas_[replica].ready) ++open_calls_;
}

void Balancer::Ended(int replica) {
  --replicas_[replica].open;
  if (replicas_[replica].ready) --open_calls_;
}

}  // namespace assay::fleet
