// server/request_validator.h
// A decoded request into plain structs, or INVALID_ARGUMENT naming the field, what is wrong with it
// and the limit. Looks at every value; tokens are counted later, by the encoder. Never repeats a
// text of the request. Pure functions.
#ifndef ASSAY_SERVER_REQUEST_VALIDATOR_H_
#define ASSAY_SERVER_REQUEST_VALIDATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "assay/v1/reward.pb.h"
#include "model/conversation_encoder.h"
#include "model/types.h"

namespace assay {

struct RequestLimits {
  int64_t max_tokens = 0;  // The model's.
  int64_t max_messages = 0;
  int64_t max_responses = 0;
  int64_t max_text_bytes = 0;
  int64_t max_request_bytes = 0;
};

enum class ReplyDetail { kScore, kObjectives };

struct ValidRequest {
  std::vector<Message> prompt;         // At least one.
  std::vector<std::string> responses;  // At least one.
  ReplyDetail detail = ReplyDetail::kScore;
  EncodeOptions encode;
};

// Before anything is decoded.
//   INVALID_ARGUMENT  more than limits.max_request_bytes.
absl::Status CheckRequestBytes(int64_t bytes, const RequestLimits& limits);

// Takes the texts out of `request`. `path` goes before the fields' names: "" or "request.".
//   INVALID_ARGUMENT     naming the field.
//   FAILED_PRECONDITION  model_revision is neither empty nor `revision`.
absl::StatusOr<ValidRequest> ValidateScoreRequest(v1::ScoreRequest request,
                                                  const RequestLimits& limits,
                                                  absl::string_view revision,
                                                  absl::string_view path);

}  // namespace assay

#endif  // ASSAY_SERVER_REQUEST_VALIDATOR_H_
