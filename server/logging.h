// server/logging.h
// Where log lines go: spdlog, to stderr, one line each. No line has a text of a user; rooms that
// log state numbers and names of fields only.
#ifndef ASSAY_SERVER_LOGGING_H_
#define ASSAY_SERVER_LOGGING_H_

#include <string>

#include "absl/status/status.h"

namespace assay {

// Sets the process up to log at `level`: "debug", "info", "warning" or "error". gRPC's own lines
// come at debug level. Call once, before the first thread starts.
//   INVALID_ARGUMENT  another level.
absl::Status SetUpLogging(const std::string& level);

}  // namespace assay

#endif  // ASSAY_SERVER_LOGGING_H_
