#include "server/batch_runner.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

using Results = std::vector<absl::StatusOr<RewardScore>>;

Results RunOnce(Scorer& scorer, absl::Span<const PromptGroup> groups) {
  size_t expected = 0;
  for (const PromptGroup& group : groups) expected += group.responses.size();
  Results results = scorer.ScoreBatch(groups);
  if (results.size() == expected) return results;
  return Results(expected,
                 absl::InternalError(absl::StrCat("the scorer returned ", results.size(),
                                                  " results for ", expected, " responses")));
}

bool DeviceHadNoMemory(const Results& results) {
  return std::all_of(results.begin(), results.end(), [](const absl::StatusOr<RewardScore>& result) {
    return result.status().code() == absl::StatusCode::kResourceExhausted;
  });
}

}  // namespace

std::vector<Results> RunBatch(Scorer& scorer, absl::Span<const PromptGroup> groups) {
  Results flat = RunOnce(scorer, groups);
  if (groups.size() > 1 && DeviceHadNoMemory(flat)) {
    const size_t half = groups.size() / 2;
    flat = RunOnce(scorer, groups.first(half));
    Results rest = RunOnce(scorer, groups.subspan(half));
    std::move(rest.begin(), rest.end(), std::back_inserter(flat));
  }
  std::vector<Results> by_group;
  by_group.reserve(groups.size());
  auto next = std::make_move_iterator(flat.begin());
  for (const PromptGroup& group : groups) {
    by_group.emplace_back(next, next + group.responses.size());
    next += group.responses.size();
  }
  return by_group;
}

}  // namespace assay
