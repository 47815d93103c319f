// model/pass_plan.h
// What one forward pass over a pack must tell a device, laid out as one array of 32-bit numbers: made on the host, it
// reaches the device in a single copy that nobody waits for. Pure bookkeeping: no tensor, no device.
// Letters: N rows of the pack, S rows asked for, G segments, K key rows.
#ifndef ASSAY_MODEL_PASS_PLAN_H_
#define ASSAY_MODEL_PASS_PLAN_H_

#include <cstdint>
#include <vector>

#include "model/packed_batch.h"

namespace assay {

struct PassPlan {
  // numbers[begin .. begin + size - 1].
  struct Part {
    int64_t begin = 0;
    int64_t size = 0;
  };

  std::vector<int32_t> numbers;  // All parts, end to end.
  Part ids;                      // [N]
  Part positions;                // [N]
  Part rows;                     // [S]

  // Attention over sequences of different lengths, one a segment. Segment s asks for rows query_bounds[s] to
  // query_bounds[s + 1] - 1 of the pack, which see keys key_bounds[s] to key_bounds[s + 1] - 1: the path to the segment
  // from the sequence's beginning, then its own rows. The last query row sees all of them, the one before it all but the
  // last, and so on ("bottom-right causal").
  Part query_bounds;  // [G + 1]
  Part key_bounds;    // [G + 1]
  // [K] the pack's row behind each key. Empty where no segment has a prefix: the keys are then the pack as it lies.
  // K is the sum of all paths, so a device needs room for the keys and values of K rows in one layer.
  Part key_rows;
  int64_t longest_query = 0;  // Rows of the largest segment.
  int64_t longest_keys = 0;   // Keys of the longest path.
};

// Requires: at least one segment; `rows` of the pack; N and K below 2^31.
PassPlan PlanPass(const PackedBatch& batch, const std::vector<int64_t>& rows);

}  // namespace assay

#endif  // ASSAY_MODEL_PASS_PLAN_H_
