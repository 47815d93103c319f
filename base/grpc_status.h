// base/grpc_status.h
// absl::Status <-> grpc::Status, both ways; the codes have the same numbers and meanings. Pure functions.
#ifndef ASSAY_BASE_GRPC_STATUS_H_
#define ASSAY_BASE_GRPC_STATUS_H_

#include "absl/status/status.h"
#include <grpcpp/support/status.h>

namespace assay {

// A message longer than 1 KiB is cut there: it travels in a header of limited size. What
// WithRetryAfter() added becomes a google.rpc.RetryInfo in the details.
grpc::Status ToGrpcStatus(const absl::Status& status);

// A code outside the published range becomes UNKNOWN. A RetryInfo in the details becomes what
// RetryAfter() reads; details of other kinds, or damaged ones, are dropped.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace assay

#endif  // ASSAY_BASE_GRPC_STATUS_H_
