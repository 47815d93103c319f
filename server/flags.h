// server/flags.h
// Options from where a user sets them. A flag wins over its ASSAY_* variable, a variable over the
// configuration file, the file over the default. What there is comes from option_table.h.
#ifndef ASSAY_SERVER_FLAGS_H_
#define ASSAY_SERVER_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/options.h"
#include "server/setting.h"

namespace assay {

struct ServerFlags {
  ServerOptions server;
  ModelOptions model;
  std::vector<Setting> settings;  // Every option, sorted by name.
  // About the environment, a sentence each, for the log.
  std::vector<std::string> warnings;
  // Not empty for --help, --version and --print-config: what to print instead of serving.
  std::string answer;
};

//   INVALID_ARGUMENT  an unknown flag; a value of the wrong kind or out of range, by the flag, the
//                     variable, or the file's line and key that gave it; or what Validate() says.
//   NOT_FOUND         the configuration file cannot be read.
absl::StatusOr<ServerFlags> ParseServerFlags(int argc, const char* const* argv);

}  // namespace assay

#endif  // ASSAY_SERVER_FLAGS_H_
