// client/commands/connection_flags.h
// The flags of a command that say whom it trusts and who it is. Where the server is, is --address
// (scoring_flags.h).
#ifndef ASSAY_CLIENT_COMMANDS_CONNECTION_FLAGS_H_
#define ASSAY_CLIENT_COMMANDS_CONNECTION_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/connection_options.h"

namespace CLI {
class App;
}

namespace assay::client {

struct ConnectionFlags {
  ConnectionOptions options = {};  // All but the token, which no list of processes may show.
  std::string token_file = {};     // Empty: $ASSAY_TOKEN, if that is set.

  // `options` with the token in them. Errors: those of ReadTokenFile().
  absl::StatusOr<ConnectionOptions> WithToken() const;
};

// --tls-ca, --tls-certificate, --tls-key, --tls-server-name. `connection` outlives the parsing.
void AddTlsFlags(CLI::App* command, ConnectionOptions* connection);

// Those, --token-file, --tenant, --priority, --insecure. `flags` outlives the parsing.
void AddConnectionFlags(CLI::App* command, ConnectionFlags* flags);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_CONNECTION_FLAGS_H_
