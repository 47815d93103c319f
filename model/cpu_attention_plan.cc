#include "model/cpu_attention_plan.h"

#include <algorithm>

namespace assay {
namespace {

// Queries of a span where threads share the work: keys are laid out anew for each span, which this many queries outweigh.
constexpr size_t kQueriesOfASpan = 132;

std::vector<int32_t> KeyRowsOf(const PackedSegment& segment) {
  std::vector<int32_t> rows;
  rows.reserve(segment.prefix_size() + segment.own.size());
  const auto append = [&](const RowRange& range) {
    for (int64_t row = range.begin; row < range.end; ++row) {
      rows.push_back(static_cast<int32_t>(row));
    }
  };
  for (const RowRange& range : segment.prefix) append(range);
  append(segment.own);
  return rows;
}

// The query that stands at `row` of the pack, in `segment`, whose number among the queries is `number`.
AttentionQuery QueryAt(const PackedSegment& segment, int64_t prefix_size, int64_t row,
                       int64_t number) {
  return {.row = static_cast<int32_t>(number),
          .visible = static_cast<int32_t>(prefix_size + row - segment.own.begin + 1)};
}

}  // namespace

CpuAttentionPlan PlanCpuAttention(const std::vector<PackedSegment>& segments, int64_t threads) {
  CpuAttentionPlan plan;
  for (size_t i = 0; i < segments.size(); ++i) {
    const PackedSegment& segment = segments[i];
    plan.key_rows.push_back(KeyRowsOf(segment));
    const int64_t prefix_size = segment.prefix_size();
    const size_t first = plan.queries.size();
    for (int64_t row = segment.own.begin; row < segment.own.end; ++row) {
      plan.queries.push_back(QueryAt(segment, prefix_size, row, row));
    }
    const size_t most = threads > 1 ? kQueriesOfASpan : plan.queries.size() - first;
    for (size_t at = first; at < plan.queries.size(); at += most) {
      plan.spans.push_back({i, at, std::min(most, plan.queries.size() - at)});
    }
  }
  return plan;
}

CpuAttentionPlan PlanCpuAttentionOfRows(const std::vector<PackedSegment>& segments,
                                        const std::vector<int64_t>& wanted) {
  CpuAttentionPlan plan;
  plan.key_rows.resize(segments.size());
  size_t next = 0;
  for (size_t i = 0; i < segments.size() && next < wanted.size(); ++i) {
    const PackedSegment& segment = segments[i];
    const size_t first = next;
    const int64_t prefix_size = segment.prefix_size();
    for (; next < wanted.size() && wanted[next] < segment.own.end; ++next) {
      plan.queries.push_back(
          QueryAt(segment, prefix_size, wanted[next], static_cast<int64_t>(next)));
    }
    if (next == first) continue;
    plan.key_rows[i] = KeyRowsOf(segment);
    plan.spans.push_back({i, first, next - first});
  }
  return plan;
}

}  // namespace assay
