#include "server/result_gatherer.h"

#include <algorithm>
#include <utility>

namespace assay {

ResultGatherer::ResultGatherer(EncodedGroup& encoded, StageDurations times, absl::Time encoded_at,
                               ScoredRequestCallback done)
    : encoded_at_(encoded_at),
      places_(encoded.group.responses.size()),
      awaited_(encoded.group.responses.size()),
      done_(std::move(done)) {
  scored_.times = times;
  scored_.results.reserve(encoded.slots.size());
  for (size_t i = 0; i < encoded.slots.size(); ++i) {
    absl::StatusOr<size_t>& slot = encoded.slots[i];
    if (!slot.ok()) {
      scored_.results.emplace_back(std::move(slot).status());
      continue;
    }
    scored_.results.emplace_back(absl::InternalError("not scored"));
    const EncodedResponse& response = encoded.group.responses[*slot];
    places_[*slot] = {.index = i,
                      .input_tokens = encoded.group.InputTokens(response),
                      .truncated_tokens = response.truncated_tokens};
  }
}

void ResultGatherer::Report(absl::Span<const size_t> indices, absl::StatusOr<TaskScores> scores) {
  absl::StatusOr<ScoredRequest> answer;
  ScoredRequestCallback done;
  {
    MutexLock lock(&mu_);
    if (answered_) return;
    awaited_ -= indices.size();
    if (scores.ok()) {
      Keep(indices, *std::move(scores));
      if (awaited_ > 0) return;
      answer = std::move(scored_);
    } else {
      answer = std::move(scores).status();
    }
    answered_ = true;
    done = std::move(done_);
  }
  std::move(done)(std::move(answer));
}

void ResultGatherer::Keep(absl::Span<const size_t> indices, TaskScores scores) {
  for (size_t i = 0; i < scores.scores.size(); ++i) {
    const Place& place = places_[indices[i]];
    absl::StatusOr<ScoredResponse>& result = scored_.results[place.index];
    if (!scores.scores[i].ok()) {
      result = std::move(scores.scores[i]).status();
      continue;
    }
    result = ScoredResponse{.score = *std::move(scores.scores[i]),
                            .input_tokens = place.input_tokens,
                            .truncated_tokens = place.truncated_tokens};
  }
  if (!scores.scores.empty() && scores.forward_began >= last_began_) {
    last_began_ = scores.forward_began;
    // A pass that an equal conversation was in may have begun before this one was encoded.
    scored_.times.queue = std::max(scores.forward_began - encoded_at_, absl::ZeroDuration());
    scored_.times.forward = scores.forward;
  }
}

}  // namespace assay
