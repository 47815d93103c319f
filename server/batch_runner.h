// server/batch_runner.h
// One batch on one Scorer, and what to make of a device that had no memory for it. Holds no state.
#ifndef ASSAY_SERVER_BATCH_RUNNER_H_
#define ASSAY_SERVER_BATCH_RUNNER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay {

struct BatchOutcome {
  // One for each response of each group, always; meaningless where the device broke.
  std::vector<std::vector<absl::StatusOr<RewardScore>>> results;
  absl::Status device;  // ABORTED: it failed for good, in the scorer's words.
};

// Scores `groups` in one forward pass. Blocks. A batch for which the device had no memory (every
// response RESOURCE_EXHAUSTED) is run again in halves, and those in halves, down to single
// responses; what is too large alone answers RESOURCE_EXHAUSTED, and nothing else does.
//   INTERNAL  every response: the scorer did not return one result for each.
// Other errors are the scorer's own; see model/scorer.h.
BatchOutcome RunBatch(Scorer& scorer, absl::Span<const PromptGroup> groups);

}  // namespace assay

#endif  // ASSAY_SERVER_BATCH_RUNNER_H_
