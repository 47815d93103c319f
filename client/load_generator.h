// client/load_generator.h
// Puts a load on a server and counts what becomes of each request. An open loop sends when the plan
// says, whatever the server does; a closed loop keeps so many requests under way. Makes no requests
// of its own and judges no scores: both are its caller's.
#ifndef ASSAY_CLIENT_LOAD_GENERATOR_H_
#define ASSAY_CLIENT_LOAD_GENERATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "client/arrivals.h"
#include "client/load_tally.h"
#include "client/reward_client.h"
#include "client/types.h"

namespace assay::client {

struct LoadOptions {
  // Requests a second of an open loop, at most 1e6; 0: a closed loop.
  double rate = 0;
  ArrivalKind arrivals = ArrivalKind::kPoisson;  // Of an open loop.
  uint64_t seed = 1;                             // Of its Poisson arrivals.
  // Requests under way in a closed loop, 1..65536.
  int64_t concurrency = 16;
  // Requests sent in the warm-up are not counted. `duration` > 0, `warm_up` >= 0, both finite.
  absl::Duration warm_up = absl::Seconds(2);
  absl::Duration duration = absl::Seconds(10);
  // Of each request, from the moment it is sent. > 0.
  absl::Duration deadline = absl::Seconds(30);

  // INVALID_ARGUMENT naming the field, its value and its range.
  absl::Status Validate() const;
};

struct LoadProgress {
  absl::Duration elapsed = {};  // Warm-up included.
  int64_t in_flight = 0;
  const LoadTally* tally = nullptr;  // Valid during the call.
};

// Calls of the loop. `source` gives the request number `index`, 0 the first, and runs on the
// caller's thread. `is_right`, which may be empty, says whether all scores of a reply without
// errors are right; it runs on gRPC threads, several at a time, and must not block. `on_second`,
// which may be empty, is told about once a second.
struct LoadCallbacks {
  std::function<ScoreRequest(int64_t index)> source = {};
  std::function<bool(int64_t index, const ScoreReply&)> is_right = {};
  std::function<void(const LoadProgress&)> on_second = {};
};

// `count` (> 0) clients of the servers at `addresses`, each with connections of its own, that try
// each request once, whatever `options` say of it. Errors are RewardClient::Connect()'s.
absl::StatusOr<std::vector<std::unique_ptr<RewardClient>>> ConnectForLoad(
    const std::string& addresses, ClientOptions options, int64_t count);

// Sends over `clients` (at least one) in turn; blocks until every request is answered, by its
// deadline at the latest. `options` are valid.
LoadTally RunLoad(const LoadOptions& options, Clock* clock,
                  const std::vector<std::unique_ptr<RewardClient>>& clients,
                  const LoadCallbacks& callbacks);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_LOAD_GENERATOR_H_
