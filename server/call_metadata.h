// server/call_metadata.h
// What a call's metadata says about its caller, judged: who asks, on whose behalf, how urgently. The
// names and their meanings are those above `service RewardService` in proto/assay/v1/reward.proto.
// Knows no gRPC: score_service hands the pairs over.
#ifndef ASSAY_SERVER_CALL_METADATA_H_
#define ASSAY_SERVER_CALL_METADATA_H_

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/call_context.h"
#include "server/token_file.h"

namespace assay {

// Name, in lower case, and value.
using MetadataPair = std::pair<absl::string_view, absl::string_view>;

// The context of a call that came with `metadata`, without deadline and cancel flag. `tokens` null:
// no token is asked for, and one that comes is not looked at. Where no x-request-id came, the
// context has a random one. A traceparent that breaks the W3C's rules, or comes twice, is ignored
// as they say; other names are not looked at. No value is repeated in an error.
//   UNAUTHENTICATED    no bearer token, or an unknown one. Judged before all else.
//   PERMISSION_DENIED  the token is another tenant's than assay-tenant.
//   INVALID_ARGUMENT   a value that breaks its rule, or a name that comes twice, by name.
absl::StatusOr<CallContext> ReadCallMetadata(absl::Span<const MetadataPair> metadata,
                                             const TokenFile* tokens);

}  // namespace assay

#endif  // ASSAY_SERVER_CALL_METADATA_H_
