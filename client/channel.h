// client/channel.h
// The channel to a server: TLS or plaintext, gRPC's settings, and what every call on it carries.
#ifndef ASSAY_CLIENT_CHANNEL_H_
#define ASSAY_CLIENT_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/connection_options.h"

namespace assay::client {

// A channel to `address`, "HOST:PORT" or any gRPC target. Certificates and keys are read now, once.
// No connection is made yet.
//   INVALID_ARGUMENT     an empty address; from ConnectionOptions::Validate(); a file that is no PEM.
//   FAILED_PRECONDITION  from ConnectionOptions::Validate().
//   NOT_FOUND            a file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           const ConnectionOptions& options);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_CHANNEL_H_
