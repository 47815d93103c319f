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

// Part of a plan's numbers: numbers[begin .. begin + size - 1].
struct PlanPart {
  int64_t begin = 0;
  int64_t size = 0;
};

// Attention over sequences of different lengths, one a segment, for G segments that follow each other in the pack.
// Segment s asks for rows query_bounds[s] to query_bounds[s + 1] - 1 of the run's rows, which see keys key_bounds[s] to
// key_bounds[s + 1] - 1: the path to the segment from the sequence's beginning, then its own rows. The last query row sees
// all of them, the one before it all but the last, and so on ("bottom-right causal").
struct AttentionRun {
  RowRange rows;          // Of the pack.
  PlanPart query_bounds;  // [G + 1]
  PlanPart key_bounds;    // [G + 1]
  // [K] the pack's row behind each key. Empty where no segment of the pack has a prefix: the keys are then the run's rows.
  PlanPart key_rows;
  int64_t longest_query = 0;  // Rows of the largest segment.
  int64_t longest_keys = 0;   // Keys of the longest path.
};

struct PassPlan {
  std::vector<int32_t> numbers;    // All parts, end to end.
  PlanPart ids;                    // [N]
  PlanPart positions;              // [N]
  PlanPart rows;                   // [S]
  std::vector<AttentionRun> runs;  // Their rows cover the pack in order.

  bool shares() const { return runs.front().key_rows.size > 0; }
};

// Keys of one run: a layer's gathered keys and values of an 8B model fill 1 GiB then. Without a bound, a thousand short
// responses to one long prompt would ask a device for more than it has.
inline constexpr int64_t kMaxRunKeys = int64_t{1} << 18;

// Where segments have prefixes, they are spread over runs of at most `max_run_keys` keys each, a longer path alone; else
// there is one run. Requires: at least one segment; `rows` of the pack; numbers below 2^31.
PassPlan PlanPass(const PackedBatch& batch, const std::vector<int64_t>& rows,
                  int64_t max_run_keys = kMaxRunKeys);

}  // namespace assay

#endif  // ASSAY_MODEL_PASS_PLAN_H_
