#include "server/score_reuse.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay {
namespace {

TaskScores ScoresOf(FlightResult result) {
  TaskScores scores = {.forward_began = result.forward_began, .forward = result.forward};
  scores.scores.push_back(std::move(result.score));
  return scores;
}

}  // namespace

ScoreReuse::Own ScoreReuse::TakeKnown(const Flow& flow, PromptGroup group, const Waiter& waiter,
                                      absl::Time now, const Report& report) {
  const std::string identity = absl::StrCat(identity_, " ", flow.tenant);
  Own own;
  for (size_t i = 0; i < group.responses.size(); ++i) {
    const ConversationKey key = KeyOf(identity, group.prefix, group.responses[i]);
    if (std::optional<RewardScore> kept = cache_.Find(key); kept.has_value()) {
      cached_ += 1;
      report({&i, 1}, ScoresOf({.score = *std::move(kept), .forward_began = now}));
      continue;
    }
    FlightTable::Landed landed = [report, i](absl::StatusOr<FlightResult> result) {
      if (!result.ok()) return report({&i, 1}, std::move(result).status());
      report({&i, 1}, ScoresOf(*std::move(result)));
    };
    if (FlightsOf(flow.priority).Join(key, waiter, landed)) {
      coalesced_ += 1;
      continue;
    }
    own.indices.push_back(i);
    own.keys.push_back(key);
    own.group.responses.push_back(std::move(group.responses[i]));
  }
  own.group.prefix = std::move(group.prefix);
  return own;
}

std::shared_ptr<FlightTable::Flight> ScoreReuse::Begin(const Flow& flow,
                                                       std::vector<ConversationKey> keys,
                                                       std::shared_ptr<TaskInterest> interest) {
  return FlightsOf(flow.priority).Begin(std::move(keys), std::move(interest));
}

void ScoreReuse::Open(const Flow& flow, const std::shared_ptr<FlightTable::Flight>& flight) {
  FlightsOf(flow.priority).Open(flight);
}

void ScoreReuse::Land(const Flow& flow, const std::shared_ptr<FlightTable::Flight>& flight,
                      absl::Span<const ConversationKey> keys,
                      const absl::StatusOr<TaskScores>& scores) {
  if (!scores.ok()) return FlightsOf(flow.priority).Land(flight, scores.status());
  std::vector<FlightResult> results;
  results.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const absl::StatusOr<RewardScore>& score = scores->scores[i];
    // An error is not kept: what failed may succeed when it is asked again.
    if (score.ok()) cache_.Keep(keys[i], *score);
    results.push_back({score, scores->forward_began, scores->forward});
  }
  FlightsOf(flow.priority).Land(flight, std::move(results));
}

}  // namespace assay
