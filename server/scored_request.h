// server/scored_request.h
// What the pipeline answers a request with: plain structs, no behaviour.
#ifndef ASSAY_SERVER_SCORED_REQUEST_H_
#define ASSAY_SERVER_SCORED_REQUEST_H_

#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/types.h"

namespace assay {

struct ScoredResponse {
  RewardScore score;
  int64_t input_tokens = 0;      // As scored, template included.
  int64_t truncated_tokens = 0;  // Cut away before scoring.
};

// Where the time of a request went; see reward.proto, StageTimes.
struct StageDurations {
  absl::Duration wait_encode = absl::ZeroDuration();
  absl::Duration encode = absl::ZeroDuration();
  absl::Duration queue = absl::ZeroDuration();
  absl::Duration forward = absl::ZeroDuration();
};

struct ScoredRequest {
  // One for each response of the request, in order. An error (see conversation_encoder.h and
  // scorer.h) concerns that response alone.
  std::vector<absl::StatusOr<ScoredResponse>> results;
  StageDurations times;
};

using ScoredRequestCallback = absl::AnyInvocable<void(absl::StatusOr<ScoredRequest>) &&>;

}  // namespace assay

#endif  // ASSAY_SERVER_SCORED_REQUEST_H_
