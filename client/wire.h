// client/wire.h
// The client's structs <-> the messages of proto/assay/v1/reward.proto. Pure functions; the one
// place of the client where the two vocabularies meet.
#ifndef ASSAY_CLIENT_WIRE_H_
#define ASSAY_CLIENT_WIRE_H_

#include "absl/status/statusor.h"
#include "assay/v1/reward.pb.h"
#include "client/types.h"

namespace assay::client {

//   INVALID_ARGUMENT  a text that is not UTF-8, by the name of its field. What else may be wrong is
//   the server's to say.
absl::StatusOr<v1::ScoreRequest> ToWire(const ScoreRequest& request);

// The answer to a request with `responses` responses.
//   INTERNAL  another number of results, or a result that holds neither score nor error: the server
//   has a defect.
absl::StatusOr<ScoreReply> FromWire(const v1::ScoreResponse& response, int responses);

// An error that travelled inside a reply, with its time to wait as RetryAfter() reads it. UNKNOWN
// for a code without a meaning.
absl::Status FromWire(const v1::Error& error);

ModelInfo FromWire(const v1::ModelInfo& info);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_WIRE_H_
