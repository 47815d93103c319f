// client/name_lookup.h
// The addresses that a name has now, asked of the system's resolver.
#ifndef ASSAY_CLIENT_NAME_LOOKUP_H_
#define ASSAY_CLIENT_NAME_LOOKUP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay::client {

// Whether the gRPC target `address` is a name whose every address is a server: "dns:///NAME:PORT".
bool IsNameOfServers(absl::string_view address);

struct ServerName {
  std::string host;
  std::string port;  // 1..65535, in digits.

  std::string authority() const;  // "NAME:PORT", or "[::1]:PORT".
};

// The name in an address for which IsNameOfServers() is true.
//   INVALID_ARGUMENT  it has no host, or no such port.
absl::StatusOr<ServerName> SplitServerName(const std::string& address);

// What `name` resolves to, each "10.0.0.1:50051" or "[fd00::1]:50051", sorted. Of a name with
// addresses of both families only the IPv4 ones: they are the same servers. Blocks while the
// resolver does; for DNS servers that do not answer it waits 3 s where there is one and 6 s where
// there are three.
//   UNAVAILABLE  no address, or no answer, as the resolver says it.
absl::StatusOr<std::vector<std::string>> LookUpName(const ServerName& name);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_NAME_LOOKUP_H_
