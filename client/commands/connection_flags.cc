#include "client/commands/connection_flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "base/status_macros.h"

namespace assay::client {
namespace {

constexpr const char* kGroup = "Security";

}  // namespace

absl::StatusOr<ConnectionOptions> ConnectionFlags::WithToken() const {
  ConnectionOptions connection = options;
  const char* token = std::getenv("ASSAY_TOKEN");
  if (!token_file.empty()) {
    ASSAY_ASSIGN_OR_RETURN(connection.token, ReadTokenFile(token_file));
  } else if (token != nullptr) {
    connection.token = token;
  }
  return connection;
}

void AddTlsFlags(CLI::App* command, ConnectionOptions* connection) {
  ConnectionOptions& options = *connection;
  command
      ->add_option("--tls-ca", options.tls_ca,
                   "Speak TLS with a server whose certificate is of these authorities\n"
                   "(PEM), or of those this machine trusts; plaintext without it\n"
                   "(environment: ASSAY_TLS_CA)")
      ->group(kGroup)
      ->envname("ASSAY_TLS_CA")
      ->option_text("FILE|system");
  command
      ->add_option("--tls-certificate", options.tls_certificate,
                   "This client's certificate chain (PEM), for a server that asks for one")
      ->group(kGroup)
      ->option_text("FILE");
  command->add_option("--tls-key", options.tls_key, "Its private key (PEM)")
      ->group(kGroup)
      ->option_text("FILE");
  command
      ->add_option("--tls-server-name", options.tls_server_name,
                   "Name in the server's certificate, where it is not the address's")
      ->group(kGroup)
      ->option_text("NAME");
}

void AddConnectionFlags(CLI::App* command, ConnectionFlags* flags) {
  ConnectionOptions& options = flags->options;
  AddTlsFlags(command, &options);
  command
      ->add_option("--token-file", flags->token_file,
                   "File that holds the bearer token to show\n(environment: ASSAY_TOKEN_FILE, or "
                   "ASSAY_TOKEN with the token itself)")
      ->group(kGroup)
      ->envname("ASSAY_TOKEN_FILE")
      ->option_text("FILE");
  command
      ->add_option("--tenant", options.tenant,
                   "On whose behalf; the token's tenant if empty\n(environment: ASSAY_TENANT)")
      ->group(kGroup)
      ->envname("ASSAY_TENANT")
      ->option_text("NAME");
  command
      ->add_option_function<std::string>(
          "--priority",
          [&options](const std::string& name) {
            options.priority = name == "bulk" ? Priority::kBulk : Priority::kInteractive;
          },
          "Of one tenant's work, bulk yields to interactive")
      ->check(CLI::IsMember({"interactive", "bulk"}))
      ->group(kGroup)
      ->option_text("{interactive,bulk} [interactive]");
  command
      ->add_flag("--insecure", options.insecure,
                 "Send the token in the clear beyond this machine, where the network itself is\n"
                 "trusted")
      ->group(kGroup);
}

}  // namespace assay::client
