// client/replica_choice.h
// Which replica a call goes to. Pure functions: an order of preference, and the first in it that
// can take the call.
//
// Without affinity the order is round robin. With it, it is rendezvous hashing (Thaler and
// Ravishankar, 1998) of the prompt over the addresses: the same prompt prefers the same replica, so
// that prompts are shared across requests, and where a replica comes or goes only its own prompts
// move. Either way a replica that has more than its share of this client's open calls is passed
// over (consistent hashing with bounded loads, Mirrokni, Thorup and Zadimoghaddam, 2016), so that a
// slow or hung one does not gather them.
#ifndef ASSAY_CLIENT_REPLICA_CHOICE_H_
#define ASSAY_CLIENT_REPLICA_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "client/readiness.h"

namespace assay::client {

// The replicas 0..n-1, beginning with `turn` modulo n. n > 0.
std::vector<size_t> RoundRobinOrder(size_t n, uint64_t turn);

// The replicas of these addresses, that which `prompt_hash` prefers first. The same for the same
// set of addresses whatever their order, on every machine.
std::vector<size_t> RendezvousOrder(uint64_t prompt_hash, absl::Span<const std::string> addresses);

struct ReplicaView {
  Readiness readiness;
  int64_t outstanding;  // >= 0.
  bool tried;           // The call has met it already.
};

// The index in `views` of the replica to call: the first in `order` (a permutation of all of them)
// of the best kind there is. Not empty. From the best:
//   1. ready, not tried, and with this call within its share of those that ready ones have open:
//      ceil(1.25 x (all of them + 1) / ready ones) + 1;
//   2. ready, not tried;
//   3. not known to be ready, not tried;
//   4. ready, or else not known to be, but tried;
//   5. failing, not tried; at last any.
size_t ChooseReplica(absl::Span<const size_t> order, absl::Span<const ReplicaView> views);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_REPLICA_CHOICE_H_
