// client/commands/health.h
// `assay health`: whether a server is ready, or alive, as an exit code for probes and scripts.
#ifndef ASSAY_CLIENT_COMMANDS_HEALTH_H_
#define ASSAY_CLIENT_COMMANDS_HEALTH_H_

#include <string>

#include "absl/time/time.h"
#include "client/commands/contact.h"
#include "client/connection_options.h"

namespace CLI {
class App;
}

namespace assay::client {

struct HealthFlags {
  std::string address = "127.0.0.1:50051";
  std::string service = {};  // "": readiness.
  absl::Duration timeout = absl::Seconds(2);
  ConnectionOptions connection = {};  // Without a token: health asks for none.
};

// The subcommand. `flags` outlives the parsing.
CLI::App* AddHealthCommand(CLI::App* app, HealthFlags* flags);

// kExitFine and SERVING on streams.out; else one sentence on streams.err, and kExitBadUsage for
// flags that contradict each other or more than one address, kExitFailed for all else.
int RunHealth(const HealthFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_HEALTH_H_
