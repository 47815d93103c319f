#include "model/pass_plan.h"

#include <algorithm>

namespace assay {
namespace {

// Appends the numbers as one part.
template <typename Number>
PassPlan::Part Append(const std::vector<Number>& part, std::vector<int32_t>& numbers) {
  const PassPlan::Part placed = {static_cast<int64_t>(numbers.size()),
                                 static_cast<int64_t>(part.size())};
  for (const Number number : part) numbers.push_back(static_cast<int32_t>(number));
  return placed;
}

void AppendRange(RowRange range, std::vector<int64_t>& rows) {
  for (int64_t row = range.begin; row < range.end; ++row) rows.push_back(row);
}

}  // namespace

PassPlan PlanPass(const PackedBatch& batch, const std::vector<int64_t>& rows) {
  PassPlan plan;
  std::vector<int64_t> query_bounds = {0};
  std::vector<int64_t> key_bounds = {0};
  bool any_prefix = false;
  for (const PackedSegment& segment : batch.segments) {
    const int64_t keys = segment.prefix_size() + segment.own.size();
    query_bounds.push_back(segment.own.end);
    key_bounds.push_back(key_bounds.back() + keys);
    plan.longest_query = std::max(plan.longest_query, segment.own.size());
    plan.longest_keys = std::max(plan.longest_keys, keys);
    any_prefix = any_prefix || !segment.prefix.empty();
  }
  std::vector<int64_t> key_rows;
  if (any_prefix) {
    key_rows.reserve(key_bounds.back());
    for (const PackedSegment& segment : batch.segments) {
      for (const RowRange& range : segment.prefix) AppendRange(range, key_rows);
      AppendRange(segment.own, key_rows);
    }
  }
  plan.numbers.reserve(2 * batch.ids.size() + rows.size() + query_bounds.size() +
                       key_bounds.size() + key_rows.size());
  plan.ids = Append(batch.ids, plan.numbers);
  plan.positions = Append(batch.positions, plan.numbers);
  plan.rows = Append(rows, plan.numbers);
  plan.query_bounds = Append(query_bounds, plan.numbers);
  plan.key_bounds = Append(key_bounds, plan.numbers);
  plan.key_rows = Append(key_rows, plan.numbers);
  return plan;
}

}  // namespace assay
