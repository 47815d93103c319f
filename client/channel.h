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

// What a channel is to its client.
struct ChannelRole {
  // One of several servers that can do the same: the channel asks the server's health service,
  // without a call too, and takes calls only while that says SERVING (or does not exist).
  bool one_of_several = false;
  // "NAME:PORT" that `address` was found under: what a call's :authority is, and NAME the name that
  // the server's certificate must be for. Empty: those of the address.
  std::string authority = {};
};

// A channel to `address`, "HOST:PORT" or any gRPC target. Certificates and keys are read now, once.
// No connection is made yet. options.tls_server_name, where it is set, takes the place of
// role.authority.
//   INVALID_ARGUMENT     an empty address; from ConnectionOptions::Validate(); a file that is no PEM.
//   FAILED_PRECONDITION  from ConnectionOptions::Validate().
//   NOT_FOUND            a file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           const ConnectionOptions& options,
                                                           const ChannelRole& role = {});

}  // namespace assay::client

#endif  // ASSAY_CLIENT_CHANNEL_H_
