// server/serve.h
// What every server program does: flags, logging, model, server, until a stop signal. The model
// comes from the caller, so that this knows no torch.
#ifndef ASSAY_SERVER_SERVE_H_
#define ASSAY_SERVER_SERVE_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "model/conversation_encoder.h"
#include "model/scorer.h"
#include "model/types.h"
#include "server/options.h"
#include "server/state_metrics.h"

namespace assay {

struct ServedModel {
  ModelInfo info;
  std::unique_ptr<ConversationEncoder> encoder;
  std::vector<std::unique_ptr<Scorer>> scorers;  // One a worker; at least one.
  // See ServerFacts.
  std::function<std::vector<DeviceMemoryReading>()> device_memory = nullptr;
};

// The server's options tell what will be asked of the model.
using ModelLoader =
    std::function<absl::StatusOr<ServedModel>(const ModelOptions&, const ServerOptions&)>;

// Serves until SIGTERM or SIGINT, then stops with every accepted request answered. Prints one line
// to stdout when ready: "listening on HOST:PORT". Call from main(), before any thread starts.
// Returns the exit code: 0 stopped, or only asked for help; 1 could not serve; 2 bad flags. The
// last two say why in one line on stderr.
int ServeUntilStopped(int argc, const char* const* argv, const ModelLoader& load);

}  // namespace assay

#endif  // ASSAY_SERVER_SERVE_H_
