// server/served_model.h
// A loaded model as the server takes it over: plain struct, no behaviour.
#ifndef ASSAY_SERVER_SERVED_MODEL_H_
#define ASSAY_SERVER_SERVED_MODEL_H_

#include <functional>
#include <memory>
#include <vector>

#include "model/conversation_encoder.h"
#include "model/scorer.h"
#include "model/types.h"
#include "server/state_metrics.h"

namespace assay {

struct ServedModel {
  ModelInfo info;
  std::unique_ptr<ConversationEncoder> encoder;
  std::vector<std::unique_ptr<Scorer>> scorers;  // One a worker; at least one.
  // Memory of each GPU right now; null: there is none. Called on any thread.
  std::function<std::vector<DeviceMemoryReading>()> device_memory = nullptr;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SERVED_MODEL_H_
