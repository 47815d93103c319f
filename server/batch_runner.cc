#include "server/batch_runner.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

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

bool AllAre(const Results& results, absl::StatusCode code) {
  return !results.empty() && std::all_of(results.begin(), results.end(),
                                         [code](const absl::StatusOr<RewardScore>& result) {
                                           return result.status().code() == code;
                                         });
}

// The group with the responses from `first` to `last`.
PromptGroup PartOf(const PromptGroup& group, size_t first, size_t last) {
  return {.prefix = group.prefix,
          .responses = {group.responses.begin() + first, group.responses.begin() + last}};
}

Results RunInHalves(Scorer& scorer, absl::Span<const PromptGroup> groups) {
  Results results = RunOnce(scorer, groups);
  if (!AllAre(results, absl::StatusCode::kResourceExhausted) || results.size() == 1) return results;
  Results rest;
  if (groups.size() > 1) {
    results = RunInHalves(scorer, groups.first(groups.size() / 2));
    rest = RunInHalves(scorer, groups.subspan(groups.size() / 2));
  } else {
    const size_t all = groups[0].responses.size();
    const PromptGroup front = PartOf(groups[0], 0, all / 2);
    const PromptGroup back = PartOf(groups[0], all / 2, all);
    results = RunInHalves(scorer, {&front, 1});
    rest = RunInHalves(scorer, {&back, 1});
  }
  std::move(rest.begin(), rest.end(), std::back_inserter(results));
  return results;
}

}  // namespace

BatchOutcome RunBatch(Scorer& scorer, absl::Span<const PromptGroup> groups) {
  Results flat = RunInHalves(scorer, groups);
  BatchOutcome outcome;
  for (const absl::StatusOr<RewardScore>& result : flat) {
    if (absl::IsAborted(result.status())) outcome.device = result.status();
  }
  outcome.results.reserve(groups.size());
  auto next = std::make_move_iterator(flat.begin());
  for (const PromptGroup& group : groups) {
    outcome.results.emplace_back(next, next + group.responses.size());
    next += group.responses.size();
  }
  return outcome;
}

}  // namespace assay
