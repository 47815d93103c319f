// server/serve.h
// What every server program does: flags, logging, model, server, until a stop signal. The model
// comes from the caller, so that this knows no torch.
#ifndef ASSAY_SERVER_SERVE_H_
#define ASSAY_SERVER_SERVE_H_

#include <functional>

#include "absl/status/statusor.h"
#include "server/options.h"
#include "server/served_model.h"

namespace assay {

// The server's options tell what will be asked of the model.
using ModelLoader =
    std::function<absl::StatusOr<ServedModel>(const ModelOptions&, const ServerOptions&)>;

// Serves until SIGTERM or SIGINT, then stops with every accepted request answered. Prints one line
// to stdout when ready: "listening on HOST:PORT". Call from main(), before any thread starts.
// Returns the exit code: 0 stopped, or only asked for help; 1 could not serve; 2 bad flags; 3 the
// last device failed while it served. All but the first say why in one line on stderr.
int ServeUntilStopped(int argc, const char* const* argv, const ModelLoader& load);

}  // namespace assay

#endif  // ASSAY_SERVER_SERVE_H_
