// tools/fleet_simulator/balancer.h
// Which replica a client calls: round robin over those it knows to be ready, passing over one that
// already has more than its share of this client's open calls, and those that the call has met. The
// rule of the client's own choice without affinity, in a form that does not look at all of a thousand
// replicas for each call.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_BALANCER_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_BALANCER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace assay::fleet {

// Replicas are named by small numbers. Not thread-safe.
class Balancer {
 public:
  // `bounded`: one with more than its share is passed over. `first_turn`: where it begins in the
  // round; clients begin at different places.
  explicit Balancer(bool bounded = true, uint64_t first_turn = 0)
      : bounded_(bounded), turn_(first_turn) {}

  void Add(int replica);
  void Remove(int replica);  // Which may not be there.
  size_t size() const { return ready_.size(); }

  // The first in turn that has, with this call, at most ceil(1.25 x (open calls + 1) / ready) + 1 open
  // (where it is bounded) and is not in `tried`; where there is none, the first that is not in `tried`, then the first;
  // nullopt where no replica is ready.
  std::optional<int> Choose(absl::Span<const int> tried);

  // A call to `replica` begins; it has ended.
  void Began(int replica);
  void Ended(int replica);

 private:
  struct Known {
    int64_t open = 0;  // Calls.
    bool ready = false;
  };

  const bool bounded_;
  std::vector<int> ready_;
  std::vector<Known> replicas_;  // By name.
  int64_t open_calls_ = 0;       // To ready replicas.
  uint64_t turn_;
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_BALANCER_H_
