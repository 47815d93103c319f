#include "server/result_gatherer.h"

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

void ResultGatherer::Report(size_t first, size_t count, absl::StatusOr<TaskScores> scores) {
  absl::StatusOr<ScoredRequest> answer;
  ScoredRequestCallback done;
  {
    MutexLock lock(&mu_);
    if (scores.ok()) {
      Keep(first, *std::move(scores));
    } else if (failure_.ok()) {
      failure_ = std::move(scores).status();
    }
    awaited_ -= count;
    if (awaited_ > 0) return;
    if (failure_.ok()) {
      answer = std::move(scored_);
    } else {
      answer = std::move(failure_);
    }
    done = std::move(done_);
  }
  std::move(done)(std::move(answer));
}

void ResultGatherer::Keep(size_t first, TaskScores scores) {
  for (size_t i = 0; i < scores.scores.size(); ++i) {
    const Place& place = places_[first + i];
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
    scored_.times.queue = scores.forward_began - encoded_at_;
    scored_.times.forward = scores.forward;
  }
}

}  // namespace assay
