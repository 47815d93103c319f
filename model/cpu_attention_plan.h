// model/cpu_attention_plan.h
// Which query rows of a pack see which keys, cut into pieces of work for attention on the CPU. Pure bookkeeping; made once
// for all layers of a pass.
#ifndef ASSAY_MODEL_CPU_ATTENTION_PLAN_H_
#define ASSAY_MODEL_CPU_ATTENTION_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/kernels/attention_kernel.h"
#include "model/packed_batch.h"

namespace assay {

// Some queries of one segment.
struct AttentionSpan {
  size_t segment = 0;
  size_t first_query = 0;  // In CpuAttentionPlan::queries.
  size_t queries = 0;
};

struct CpuAttentionPlan {
  std::vector<AttentionQuery> queries;  // Segment by segment.
  std::vector<std::vector<int32_t>>
      key_rows;  // Of each segment: its prefix, then its own rows; empty without queries.
  std::vector<AttentionSpan> spans;  // Cover all queries.
};

// All rows of the pack; query i is row i. For several threads a long segment is cut into several spans.
CpuAttentionPlan PlanCpuAttention(const std::vector<PackedSegment>& segments, int64_t threads);

// Only the rows `wanted` (ascending, none twice); the query of wanted[i] is row i.
CpuAttentionPlan PlanCpuAttentionOfRows(const std::vector<PackedSegment>& segments,
                                        const std::vector<int64_t>& wanted);

}  // namespace assay

#endif  // ASSAY_MODEL_CPU_ATTENTION_PLAN_H_
