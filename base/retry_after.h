// base/retry_after.h
// When to try again, carried by an error status. Over gRPC it travels as google.rpc.RetryInfo
// (grpc_status.h); inside a reply, as Error.retry_after_ns. Pure functions.
#ifndef ASSAY_BASE_RETRY_AFTER_H_
#define ASSAY_BASE_RETRY_AFTER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace assay {

// `status`, which is not OK, with the time to wait before another attempt: kept within 0..24 h.
absl::Status WithRetryAfter(absl::Status status, absl::Duration wait);

// What WithRetryAfter() put there; nullopt where nothing was.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

}  // namespace assay

#endif  // ASSAY_BASE_RETRY_AFTER_H_
