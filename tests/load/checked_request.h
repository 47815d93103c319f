// tests/load/checked_request.h
// Requests whose right scores are known, for servers of fakes (fake_scorer.h, fake_encoder.h).
#ifndef ASSAY_TESTS_LOAD_CHECKED_REQUEST_H_
#define ASSAY_TESTS_LOAD_CHECKED_REQUEST_H_

#include <cstdint>

#include "assay/v1/reward.pb.h"
#include "client/types.h"

namespace assay::testing {

struct RequestSize {
  int64_t prompt_bytes = 0;  // The mark and the number come on top.
  int64_t responses = 1;
  int64_t response_bytes = 0;  // Each.
};

// Request number `index`: unlike any other, and marked with kCountedMark. Pure.
client::ScoreRequest CheckedRequest(int64_t index, const RequestSize& size);

// Whether every response has its score, and it is the right one.
bool AllRight(const client::ScoreRequest& request, const client::ScoreReply& reply);
bool AllRight(const v1::ScoreRequest& request, const v1::ScoreResponse& response);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_LOAD_CHECKED_REQUEST_H_
