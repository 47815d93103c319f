// client/load_tally.h
// What became of the requests of a load: each that was meant to be sent in a window of time is
// counted once, under one outcome. What was answered in the window is counted besides: the rates are
// of that.
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
  absl::Time from;   // The window, [from, until).
  absl::Time until;  // > from.
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
      {};                  // Of all: sent after intended. The generator's own, not the server's.
  StageTimes stages = {};  // Sums over `ok`.
  // Answered with every score in the window, those requests too that were sent before it: what a
  // load leaves unanswered at its end is in neither part of the quotient.
  int64_t answered = 0;
  int64_t answered_tokens = 0;  // Their input tokens.

  // A reply with an error among its results counts as that error, the first of them.
  void Count(const absl::StatusOr<ScoreReply>& outcome, const RequestTimes& times);
  // A reply whose scores are not the right ones.
  void CountWrong(const RequestTimes& times);

  absl::Duration window() const { return until - from; }
  double goodput() const;            // `answered` a second of the window.
  double tokens_per_second() const;  // `answered_tokens` likewise.

 private:
  // Whether the request is one of those that are counted.
  bool CountTimes(const RequestTimes& times);
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_LOAD_TALLY_H_
