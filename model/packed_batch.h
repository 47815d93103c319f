// model/packed_batch.h
// Prompt groups -> one pack of tokens for one forward pass: sequences end to end, no padding, each prompt's prefix once.
// Pure bookkeeping in plain numbers: no tensor, no device, no model. The groups must have been checked (reward_model.h).
#ifndef ASSAY_MODEL_PACKED_BATCH_H_
#define ASSAY_MODEL_PACKED_BATCH_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/types.h"

namespace assay {

// Rows begin..end-1 of the pack.
struct RowRange {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
  bool operator==(const RowRange&) const = default;
};

// Rows that are computed together. Row i of `own` sees all of `prefix`, then `own` up to and including itself.
struct PackedSegment {
  RowRange own;     // Not empty.
  RowRange prefix;  // Before `own` in the pack; empty for a segment that begins its sequence.
  bool operator==(const PackedSegment&) const = default;
};

// N rows (one a token), S responses in the order of the groups.
struct PackedBatch {
  std::vector<int64_t> ids;  // [N]
  std::vector<int64_t>
      positions;  // [N] within the row's sequence, prefix counted; for the rotary embedding.
  std::vector<PackedSegment> segments;  // Their `own` ranges cover 0..N-1 in order.
  std::vector<int64_t> reward_rows;     // [S] each response's last token.
  std::vector<int64_t> gate_rows;  // [S], or empty where the responses have no gate (gate_at = -1).
};

// share_prefixes: a group's prefix is one segment, seen by its responses' segments. Otherwise every response is one
// segment with the prefix written out. The sequences are the same. All responses have a gate, or none has.
PackedBatch PackGroups(absl::Span<const PromptGroup> groups, bool share_prefixes);

}  // namespace assay

#endif  // ASSAY_MODEL_PACKED_BATCH_H_
