// model/packed_batch.h
// Prompt groups -> one pack of tokens for one forward pass: sequences end to end, no padding, a beginning that several
// sequences have in common once, whether they are of one group or of several.
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

// Rows that are computed together: a node of the tree of all sequences. Row i of `own` sees all of `prefix`, range after
// range, then `own` up to and including itself.
struct PackedSegment {
  RowRange own = {};  // Not empty.
  // The segments from the beginning of the sequence to this one, in order, each whole; all before `own` in the pack.
  // Empty for a segment that begins its sequence.
  std::vector<RowRange> prefix = {};

  int64_t prefix_size() const {
    int64_t rows = 0;
    for (const RowRange& range : prefix) rows += range.size();
    return rows;
  }
  bool operator==(const PackedSegment&) const = default;
};

// N rows (one a token), S responses in the order of the groups.
struct PackedBatch {
  std::vector<int64_t> ids;  // [N]
  // [N] within the row's sequence, prefix counted; for the rotary embedding.
  std::vector<int64_t> positions;
  std::vector<PackedSegment> segments;  // Their `own` ranges cover 0..N-1 in order.
  std::vector<int64_t> reward_rows;     // [S] each response's last token; equal ones share a row.
  std::vector<int64_t> gate_rows;  // [S], or empty where the responses have no gate (gate_at = -1).
};

// Sequences part only where at least this many rows are saved by it: a segment has a price of its own.
inline constexpr int64_t kFewestSharedRows = 16;

// share_prefixes: a common beginning of k sequences is one segment where it saves kFewestSharedRows rows, that is where
// its length times (k - 1) reaches it. Otherwise every response is one segment. The sequences are the same.
// All responses have a gate, or none has.
PackedBatch PackGroups(absl::Span<const PromptGroup> groups, bool share_prefixes);

}  // namespace assay

#endif  // ASSAY_MODEL_PACKED_BATCH_H_
