// server/request_decoder.h
// The bytes of one request into its message, or an error that names the field at fault. Protobuf's
// own parser refuses without a name, and keeps fields it does not know in silence; a newer client's
// setting must not be ignored like that. Judges the form only, not the values: that is
// request_validator.h. Pure functions.
#ifndef ASSAY_SERVER_REQUEST_DECODER_H_
#define ASSAY_SERVER_REQUEST_DECODER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "assay/v1/reward.pb.h"

namespace assay {

//   INVALID_ARGUMENT  naming the field, as in "responses[3]": text that is not UTF-8, an unknown
//                     field's number, a value of another type, or bytes that end early or make no
//                     sense.
absl::StatusOr<v1::ScoreRequest> DecodeScoreRequest(absl::string_view bytes);

struct DecodedStreamRequest {
  std::string request_id;  // Empty where it is missing, or not fit to be echoed.
  // As DecodeScoreRequest(), with fields named from the stream's message: "request.responses[3]".
  // Also
  //   INVALID_ARGUMENT  request_id is empty or too long; `request` is missing.
  absl::StatusOr<v1::ScoreRequest> request;
};

DecodedStreamRequest DecodeScoreStreamRequest(absl::string_view bytes);

}  // namespace assay

#endif  // ASSAY_SERVER_REQUEST_DECODER_H_
