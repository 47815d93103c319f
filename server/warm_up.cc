#include "server/warm_up.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/types.h"

namespace assay {
namespace {

// Of the conversations of a large batch: long enough that attention counts.
constexpr int64_t kConversationTokens = 2048;

absl::StatusOr<PromptGroup> EncodeShort(const ConversationEncoder& encoder) {
  const std::vector<Message> prompt = {{"user", "Are you ready?"}};
  const std::vector<std::string> responses = {"Yes."};
  ASSAY_ASSIGN_OR_RETURN(EncodedGroup encoded, encoder.Encode(prompt, responses, {}));
  for (const absl::StatusOr<size_t>& slot : encoded.slots) ASSAY_RETURN_IF_ERROR(slot.status());
  return std::move(encoded.group);
}

// `group` with its response drawn out to about `tokens` tokens, by tokens of its own that begin at
// `start`, so that no two of a batch are computed as one.
PromptGroup DrawnOut(const PromptGroup& group, int64_t tokens, size_t start) {
  PromptGroup drawn = group;
  TokenIds& response = drawn.responses[0].tokens;
  const TokenIds own = response;
  for (size_t i = start; drawn.ComputedTokens() < tokens; ++i) {
    response.push_back(own[(i * i + i / own.size()) % own.size()]);
  }
  return drawn;
}

std::vector<PromptGroup> BatchOf(const PromptGroup& group, int64_t tokens, int64_t max_tokens) {
  std::vector<PromptGroup> batch;
  const int64_t each = std::min(kConversationTokens, max_tokens);
  for (int64_t left = tokens; left > 0 || batch.empty(); left -= each) {
    batch.push_back(DrawnOut(group, std::min(left, each), batch.size() + 1));
  }
  return batch;
}

absl::Status RunPass(Scorer& scorer, const std::vector<PromptGroup>& batch) {
  for (const absl::StatusOr<RewardScore>& score : scorer.ScoreBatch(batch)) {
    if (score.ok()) continue;
    return absl::Status(score.status().code(),
                        absl::StrCat("the first forward pass on ", scorer.info().device,
                                     " failed: ", score.status().message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<double> WarmUp(const ConversationEncoder& encoder, std::vector<Scorer*> scorers,
                              int64_t tokens, int64_t max_tokens, Clock* clock) {
  const absl::StatusOr<PromptGroup> encoded = EncodeShort(encoder);
  if (!encoded.ok()) {
    return absl::Status(encoded.status().code(),
                        absl::StrCat("nothing can be encoded for a first forward pass: ",
                                     encoded.status().message()));
  }
  const PromptGroup& group = *encoded;
  const std::vector<PromptGroup> batch = BatchOf(group, tokens, max_tokens);
  std::vector<absl::Status> outcomes(scorers.size());
  const absl::Time began = clock->Now();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < scorers.size(); ++i) {
    threads.emplace_back(
        [&outcomes, &batch, &scorers, i] { outcomes[i] = RunPass(*scorers[i], batch); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = absl::ToDoubleSeconds(clock->Now() - began);
  for (const absl::Status& outcome : outcomes) ASSAY_RETURN_IF_ERROR(outcome);
  double computed = 0;
  for (const PromptGroup& each : batch) computed += static_cast<double>(each.ComputedTokens());
  return seconds > 0 ? computed * static_cast<double>(scorers.size()) / seconds : 0;
}

}  // namespace assay
