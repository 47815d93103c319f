#include "model/pass_plan.h"

#include <algorithm>

#include "absl/types/span.h"

namespace assay {
namespace {

// Appends the numbers as one part.
PlanPart Append(const std::vector<int64_t>& part, std::vector<int32_t>& numbers) {
  const PlanPart placed = {static_cast<int64_t>(numbers.size()), static_cast<int64_t>(part.size())};
  for (const int64_t number : part) numbers.push_back(static_cast<int32_t>(number));
  return placed;
}

void AppendRange(RowRange range, std::vector<int64_t>& rows) {
  for (int64_t row = range.begin; row < range.end; ++row) rows.push_back(row);
}

int64_t KeysOf(const PackedSegment& segment) { return segment.prefix_size() + segment.own.size(); }

// How many of the first segments make one run.
size_t TakeRun(absl::Span<const PackedSegment> segments, int64_t max_keys) {
  int64_t keys = KeysOf(segments.front());
  size_t count = 1;
  while (count < segments.size() && keys + KeysOf(segments[count]) <= max_keys) {
    keys += KeysOf(segments[count++]);
  }
  return count;
}

AttentionRun PlanRun(absl::Span<const PackedSegment> segments, bool gather,
                     std::vector<int32_t>& numbers) {
  AttentionRun run = {.rows = {segments.front().own.begin, segments.back().own.end}};
  std::vector<int64_t> query_bounds = {0};
  std::vector<int64_t> key_bounds = {0};
  std::vector<int64_t> key_rows;
  for (const PackedSegment& segment : segments) {
    const int64_t keys = KeysOf(segment);
    query_bounds.push_back(segment.own.end - run.rows.begin);
    key_bounds.push_back(key_bounds.back() + keys);
    run.longest_query = std::max(run.longest_query, segment.own.size());
    run.longest_keys = std::max(run.longest_keys, keys);
    if (!gather) continue;
    for (const RowRange& range : segment.prefix) AppendRange(range, key_rows);
    AppendRange(segment.own, key_rows);
  }
  run.query_bounds = Append(query_bounds, numbers);
  run.key_bounds = Append(key_bounds, numbers);
  run.key_rows = Append(key_rows, numbers);
  return run;
}

}  // namespace

PassPlan PlanPass(const PackedBatch& batch, const std::vector<int64_t>& rows,
                  int64_t max_run_keys) {
  PassPlan plan;
  plan.ids = Append(batch.ids, plan.numbers);
  plan.positions = Append(batch.positions, plan.numbers);
  plan.rows = Append(rows, plan.numbers);
  absl::Span<const PackedSegment> segments = batch.segments;
  const bool gather = std::any_of(segments.begin(), segments.end(),
                                  [](const PackedSegment& s) { return !s.prefix.empty(); });
  while (!segments.empty()) {
    const size_t count = gather ? TakeRun(segments, max_run_keys) : segments.size();
    plan.runs.push_back(PlanRun(segments.first(count), gather, plan.numbers));
    segments.remove_prefix(count);
  }
  return plan;
}

}  // namespace assay
