// model/scorer.h
// The seam between server/ and the model: tokens in, scores out. No torch type here, so that server/ builds, is tested
// and runs under ThreadSanitizer without torch.
#ifndef ASSAY_MODEL_SCORER_H_
#define ASSAY_MODEL_SCORER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/types.h"

namespace assay {

// Not thread-safe: one caller at a time.
class Scorer {
 public:
  virtual ~Scorer() = default;

  // Scores every response of every group in one forward pass; blocks until it is done. Results are in the order of the
  // groups and of the responses within them: one for each, always.
  //   INVALID_ARGUMENT   that response: a token or position outside the model's range.
  //   INTERNAL           that response: its score is NaN or infinite. All responses: the device failed.
  //   RESOURCE_EXHAUSTED all responses: the device is out of memory.
  //   ABORTED            all responses: the device failed for good, and every later call fails the same way.
  virtual std::vector<absl::StatusOr<RewardScore>> ScoreBatch(
      absl::Span<const PromptGroup> groups) = 0;

  // Constant after construction.
  virtual const ModelInfo& info() const = 0;
};

}  // namespace assay

#endif  // ASSAY_MODEL_SCORER_H_
