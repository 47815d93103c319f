// server/flags.h
// The command line and the ASSAY_* environment of a server into its options. A flag wins over its
// variable, a variable over the default. Judges names and number formats only; ranges are
// ServerOptions::Validate()'s.
#ifndef ASSAY_SERVER_FLAGS_H_
#define ASSAY_SERVER_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/options.h"

namespace assay {

struct ServerFlags {
  ServerOptions server;
  ModelOptions model;
  // Not empty for --help and --version: what to print instead of serving.
  std::string answer;
};

//   INVALID_ARGUMENT  an unknown flag, a value of the wrong kind, or what Validate() says.
absl::StatusOr<ServerFlags> ParseServerFlags(int argc, const char* const* argv);

}  // namespace assay

#endif  // ASSAY_SERVER_FLAGS_H_
