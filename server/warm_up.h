// server/warm_up.h
// The passes that a server runs before it serves: they show that every device works, with all
// workers at once and at the size of the largest batch; they make the first request as fast as
// those after it; and they measure the speed that admission starts from.
#ifndef ASSAY_SERVER_WARM_UP_H_
#define ASSAY_SERVER_WARM_UP_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/conversation_encoder.h"
#include "model/scorer.h"

namespace assay {

// Runs one pass on each scorer, side by side: of about `tokens` tokens, or of one short
// conversation where `tokens` is 0. Returns the computed tokens per second of all together; 0 where
// they took no time. `max_tokens` is the model's longest conversation. Blocks.
//   INTERNAL            a score is not finite, or the device failed; naming the device.
//   RESOURCE_EXHAUSTED  the device has no memory for such a batch; naming the device.
//   others              of the encoder.
absl::StatusOr<double> WarmUp(const ConversationEncoder& encoder, std::vector<Scorer*> scorers,
                              int64_t tokens, int64_t max_tokens, Clock* clock);

}  // namespace assay

#endif  // ASSAY_SERVER_WARM_UP_H_
