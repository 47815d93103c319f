// server/batch_runner.h
// One batch on one Scorer, and what to make of a device that had no memory for it. Holds no state.
#ifndef ASSAY_SERVER_BATCH_RUNNER_H_
#define ASSAY_SERVER_BATCH_RUNNER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay {

// Scores `groups` in one forward pass; one result for each response of each group, always. Blocks.
// A batch of several groups for which the device had no memory (every response RESOURCE_EXHAUSTED)
// is run again in two halves, once; what is still too large then answers RESOURCE_EXHAUSTED.
//   INTERNAL  every response: the scorer did not return one result for each.
// Other errors are the scorer's own; see model/scorer.h.
std::vector<std::vector<absl::StatusOr<RewardScore>>> RunBatch(
    Scorer& scorer, absl::Span<const PromptGroup> groups);

}  // namespace assay

#endif  // ASSAY_SERVER_BATCH_RUNNER_H_
