#include "tests/testing/paced_scorer.h"

#include <cstring>
#include <fstream>
#include <utility>

namespace assay::testing {

PacedScorer::PacedScorer(PacedScorerOptions options, Clock* clock, ModelInfo info)
    : options_(std::move(options)), clock_(clock), info_(std::move(info)) {}

std::vector<absl::StatusOr<RewardScore>> PacedScorer::ScoreBatch(
    absl::Span<const PromptGroup> groups) {
  const absl::Time began = clock_->Now();
  // Opening a FIFO for reading waits for its writer.
  if (++passes_ == 2 && !options_.gate.empty()) std::ifstream(options_.gate).get();
  Leak(groups.size());
  const bool broken = options_.break_after > 0 && passes_ > options_.break_after;
  const bool too_many =
      options_.memory_groups > 0 && static_cast<int64_t>(groups.size()) > options_.memory_groups;

  std::vector<absl::StatusOr<RewardScore>> results;
  int64_t tokens = 0;
  for (const PromptGroup& group : groups) {
    tokens += static_cast<int64_t>(group.prefix.size());
    for (const EncodedResponse& response : group.responses) {
      tokens += static_cast<int64_t>(response.tokens.size());
      if (broken) {
        results.emplace_back(absl::AbortedError("the device failed for good"));
        continue;
      }
      if (too_many) {
        results.emplace_back(absl::ResourceExhaustedError("the device is out of memory"));
        continue;
      }
      TokenIds conversation = group.prefix;
      conversation.insert(conversation.end(), response.tokens.begin(), response.tokens.end());
      results.emplace_back(FakeRewardOf(conversation));
    }
    if (!broken && !too_many && !group.prefix.empty() && group.prefix[0] == kCountedMark)
      ++counted_;
  }
  if (options_.tokens_per_second > 0 && !too_many) {
    WaitUntil(began + absl::Seconds(static_cast<double>(tokens) / options_.tokens_per_second));
  }
  return results;
}

void PacedScorer::Leak(size_t groups) const {
  const size_t bytes = static_cast<size_t>(options_.leak_bytes) * groups;
  if (bytes == 0) return;
  // Kept from the optimiser by the volatile pointer, and from nobody else.
  char* volatile lost = new char[bytes];
  std::memset(lost, 1, bytes);
}

void PacedScorer::WaitUntil(absl::Time time) {
  MutexLock lock(&mu_);
  while (clock_->WaitUntil(mu_, never_, time)) {
  }
}

}  // namespace assay::testing
