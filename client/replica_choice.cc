#include "client/replica_choice.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace assay::client {
namespace {

// ceil(1.25 x (outstanding + 1) / ready) + 1; `ready` > 0.
int64_t FairShare(int64_t outstanding, int64_t ready) {
  return (5 * (outstanding + 1) + 4 * ready - 1) / (4 * ready) + 1;
}

// 0 the best.
int Rank(const ReplicaView& view, int64_t fair_share) {
  switch (view.readiness) {
    case Readiness::kReady:
      if (view.tried) return 3;
      return view.outstanding + 1 <= fair_share ? 0 : 1;
    case Readiness::kUnknown:
      return view.tried ? 4 : 2;
    case Readiness::kFailing:
      break;
  }
  return view.tried ? 6 : 5;
}

}  // namespace

std::vector<size_t> RoundRobinOrder(size_t n, uint64_t turn) {
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = (turn % n + i) % n;
  return order;
}

std::vector<size_t> RendezvousOrder(uint64_t prompt_hash, absl::Span<const std::string> addresses) {
  std::vector<std::pair<uint64_t, size_t>> weights(addresses.size());
  for (size_t i = 0; i < addresses.size(); ++i) {
    TextHash address;
    address.Add(addresses[i]);
    weights[i] = {SplitMix64(SplitMix64(prompt_hash) ^ SplitMix64(address.value())), i};
  }
  std::sort(weights.begin(), weights.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return addresses[a.second] < addresses[b.second];
  });
  std::vector<size_t> order;
  order.reserve(weights.size());
  for (const auto& [weight, i] : weights) order.push_back(i);
  return order;
}

size_t ChooseReplica(absl::Span<const size_t> order, absl::Span<const ReplicaView> views) {
  int64_t outstanding = 0;
  int64_t ready = 0;
  for (const ReplicaView& view : views) {
    if (view.readiness != Readiness::kReady) continue;
    outstanding += view.outstanding;
    ++ready;
  }
  const int64_t fair_share = ready > 0 ? FairShare(outstanding, ready) : 0;
  return *std::min_element(order.begin(), order.end(), [&](size_t a, size_t b) {
    return Rank(views[a], fair_share) < Rank(views[b], fair_share);
  });
}

}  // namespace assay::client
