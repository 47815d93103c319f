// tests/fleet/fleet_load.h
// Keeps a fleet busy through the product's client, and judges every score. Each request is unlike
// any other and its right score is known (checked_request.h), so that a reply given to another
// request, or made up by a replica that was killed, is a wrong score.
#ifndef ASSAY_TESTS_FLEET_FLEET_LOAD_H_
#define ASSAY_TESTS_FLEET_FLEET_LOAD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "client/latency_samples.h"
#include "client/reward_client.h"
#include "client/types.h"
#include "tests/load/checked_request.h"

namespace assay::testing {

enum class LoadKind {
  kUnary,  // A Score() call each.
  kBulk,   // One ScoreAll().
};

struct FleetLoadOptions {
  LoadKind kind = LoadKind::kUnary;
  int concurrency = 32;                        // Calls under way; in bulk: for each replica.
  absl::Duration deadline = absl::Minutes(2);  // Of each call, with its retries.
  RequestSize size = {.prompt_bytes = 60, .responses = 2, .response_bytes = 100};
};

// calls = right + wrong + the sum of `failed` + those without an outcome.
struct FleetLoadCounts {
  int64_t calls = 0;
  int64_t right = 0;
  int64_t wrong = 0;
  std::map<absl::StatusCode, int64_t> failed = {};
  int64_t several = 0;          // Second outcomes of a call.
  int64_t without_outcome = 0;  // Now: under way. After End(): lost.
  // Since NewWindow(), of right calls.
  client::LatencySamples latency = {};
  absl::Duration longest_silence = {};  // Between two right scores, whoever's.
};

// Thread-safe.
class FleetLoad {
 public:
  // Borrows `client` and starts.
  FleetLoad(client::RewardClient* client, const FleetLoadOptions& options);
  // As End().
  ~FleetLoad();

  FleetLoadCounts Counts() const ABSL_LOCKS_EXCLUDED(mu_);
  void NewWindow() ABSL_LOCKS_EXCLUDED(mu_);
  // Begins no more calls and waits for those under way. What ended a bulk run before that is counted
  // as an outcome of each of its requests.
  FleetLoadCounts End() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void CallInTurn() ABSL_LOCKS_EXCLUDED(mu_);
  void ScoreInBulk() ABSL_LOCKS_EXCLUDED(mu_);
  // The number of the next call; nullopt once the load ends.
  std::optional<int64_t> Begin() ABSL_LOCKS_EXCLUDED(mu_);
  void Count(int64_t index, const client::ScoreRequest& request,
             const absl::StatusOr<client::ScoreReply>& reply) ABSL_LOCKS_EXCLUDED(mu_);

  client::RewardClient* const client_;  // Borrowed.
  const FleetLoadOptions options_;

  mutable Mutex mu_;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  FleetLoadCounts counts_ ABSL_GUARDED_BY(mu_);
  std::map<int64_t, absl::Time> under_way_ ABSL_GUARDED_BY(mu_);  // When each began.
  absl::Time last_right_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;  // Touched by the constructor and End() alone.
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_FLEET_FLEET_LOAD_H_
