// client/health_check.h
// Asks a server how it is, by grpc.health.v1, the protocol of probes and balancers. Works with any
// gRPC server that speaks it.
#ifndef ASSAY_CLIENT_HEALTH_CHECK_H_
#define ASSAY_CLIENT_HEALTH_CHECK_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::client {

// Whether the server says SERVING of `service`; of a server of ours "" is readiness and "live"
// liveness. Blocks for `timeout` at most, > 0, during which it also waits for a server that does not
// take connections yet.
//   NOT_FOUND          the server knows no such service.
//   UNIMPLEMENTED      it does not speak grpc.health.v1.
//   UNAVAILABLE        it cannot be reached, with gRPC's reason.
//   DEADLINE_EXCEEDED  it took the connection, and has not answered.
//   others             as the server answered.
absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service, absl::Duration timeout);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_HEALTH_CHECK_H_
