// client/load_tally.h
// What became of the requests of a load: each is counted once, under one outcome.
#ifndef ASSAY_CLIENT_LOAD_TALLY_H_
#define ASSAY_CLIENT_LOAD_TALLY_H_

#include <cstdint>
#include <map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/latency_samples.h"
#include "client/types.h"

namespace assay::client {

// Of one request.
struct RequestTimes {
  absl::Time intended;  // When it should have been sent.
  absl::Time sent;
  absl::Time answered;
};

// Not thread-safe. ok + wrong + refused + missed + the sum of `others` = counted.
struct LoadTally {
  int64_t counted = 0;
  int64_t ok = 0;         // Every response has its score.
  int64_t wrong = 0;      // Answered, with another score than the caller knows to be right.
  int64_t refused = 0;    // RESOURCE_EXHAUSTED.
  int64_t with_wait = 0;  // Of those, how many were told how long to wait.
  int64_t missed = 0;     // DEADLINE_EXCEEDED.
  std::map<absl::StatusCode, int64_t> others = {};

  LatencySamples latency = {};  // Of `ok`, from the intended time: no coordinated omission.
  LatencySamples refusal = {};  // Of `refused`, from the time it was sent.
  LatencySamples lateness =
      {};                    // Of all: sent after intended. The generator's own, not the server's.
  int64_t input_tokens = 0;  // Of `ok`.
  StageTimes stages = {};    // Sums over `ok`.
  // From the first intended time to the last answer.
  absl::Time began = absl::InfiniteFuture();
  absl::Time ended = absl::InfinitePast();

  // A reply with an error among its results counts as that error, the first of them.
  void Count(const absl::StatusOr<ScoreReply>& outcome, const RequestTimes& times);
  // A reply whose scores are not the right ones.
  void CountWrong(const RequestTimes& times);

  absl::Duration elapsed() const;  // Zero where nothing was counted.
  double goodput() const;          // `ok` a second of elapsed().
  double tokens_per_second() const;

 private:
  void CountTimes(const RequestTimes& times);
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_LOAD_TALLY_H_
