// client/commands/info.h
// `assay info`: a server's live state, its model, limits, counters and settings.
#ifndef ASSAY_CLIENT_COMMANDS_INFO_H_
#define ASSAY_CLIENT_COMMANDS_INFO_H_

#include <string>

#include "client/commands/connection_flags.h"
#include "client/commands/contact.h"

namespace CLI {
class App;
}

namespace assay::client {

struct InfoFlags {
  std::string address = "127.0.0.1:50051";
  bool json = false;  // Always with all settings.
  bool all_settings = false;
  ConnectionFlags connection = {};
};

// The subcommand. `flags` outlives the parsing.
CLI::App* AddInfoCommand(CLI::App* app, InfoFlags* flags);

// kExitFine, or kExitFailed and one sentence on streams.err.
int RunInfo(const InfoFlags& flags, const Streams& streams);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_INFO_H_
