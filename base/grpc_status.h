// base/grpc_status.h
// absl::Status <-> grpc::Status, both ways; the codes have the same numbers and meanings. Pure functions.
#ifndef ASSAY_BASE_GRPC_STATUS_H_
#define ASSAY_BASE_GRPC_STATUS_H_

#include "absl/status/status.h"
#include <grpcpp/support/status.h>

namespace assay {

// A message longer than 1 KiB is cut there: it travels in a header of limited size.
grpc::Status ToGrpcStatus(const absl::Status& status);

// A code outside the published range becomes UNKNOWN.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace assay

#endif  // ASSAY_BASE_GRPC_STATUS_H_
