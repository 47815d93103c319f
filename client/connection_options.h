// client/connection_options.h
// How a client shows who it is and whom it trusts. Plain values, and what makes them contradict
// each other; what gRPC makes of them is channel.h's business.
#ifndef ASSAY_CLIENT_CONNECTION_OPTIONS_H_
#define ASSAY_CLIENT_CONNECTION_OPTIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::client {

// Of one tenant's work, bulk yields to interactive.
enum class Priority { kInteractive, kBulk };

struct ConnectionOptions {
  // PEM file of the authorities that a server's certificate must be of, or "system": those that
  // this machine trusts. Empty: plaintext.
  std::string tls_ca = {};
  // The client's own certificate chain and key, PEM files, for a server that asks for one. Both or
  // neither, and only with tls_ca.
  std::string tls_certificate = {};
  std::string tls_key = {};
  // The name that the server's certificate must be for; empty: the one in the address.
  std::string tls_server_name = {};

  // Sent with every call. The token itself, not a file's name.
  std::string token = {};
  std::string tenant = {};  // 1..64 of [A-Za-z0-9._-]; empty: the token's, or the server's default.
  Priority priority = Priority::kInteractive;

  // Send the token over plaintext beyond this machine, where the network itself is trusted.
  bool insecure = false;

  // A connection on which nothing arrives for keepalive_time is asked for a sign of life (HTTP/2
  // PING), and counts as broken where none comes within keepalive_timeout: its calls end with
  // UNAVAILABLE. With the defaults a host that vanished or a process that hangs is found within 20
  // s. keepalive_time is at least 5 s, the shortest that a server allows; both finite, the second >
  // 0.
  absl::Duration keepalive_time = absl::Seconds(10);
  absl::Duration keepalive_timeout = absl::Seconds(10);

  // Whether they go together for the server at `address`, a gRPC target.
  //   INVALID_ARGUMENT     naming the field, or the two that contradict each other.
  //   FAILED_PRECONDITION  the token would travel in the clear, see `insecure`.
  absl::Status Validate(const std::string& address) const;

  // What each call carries: names and values.
  std::vector<std::pair<std::string, std::string>> Metadata() const;
};

// Whether `address`, a gRPC target, can be nowhere but on this machine. Resolves no name.
bool IsLoopbackTarget(const std::string& address);

// The token in the file at `path`: its one line, without white space at both ends.
//   NOT_FOUND         it cannot be read.
//   INVALID_ARGUMENT  it holds no token, or more than a line.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_CONNECTION_OPTIONS_H_
