// server/listen_address.h
// HOST:PORT as --listen and its like take it, and whether anyone but this machine could reach it. Pure;
// resolves no name.
#ifndef ASSAY_SERVER_LISTEN_ADDRESS_H_
#define ASSAY_SERVER_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

struct ListenAddress {
  std::string host;  // A name, an IPv4 address, or an IPv6 address in brackets.
  int port = 0;      // 0..65535; 0: any free one.

  std::string ToString() const;
  // 127.0.0.0/8, [::1] or "localhost". Other names and addresses may be reachable from elsewhere.
  bool IsLoopback() const;
};

// `field` is the option that `text` is the value of.
//   INVALID_ARGUMENT  not HOST:PORT, or a port out of range; naming `field`.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text,
                                                 absl::string_view field = "listen");

}  // namespace assay

#endif  // ASSAY_SERVER_LISTEN_ADDRESS_H_
