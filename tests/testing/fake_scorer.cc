#include "tests/testing/fake_scorer.h"

#include <cstdint>
#include <string>
#include <utility>

namespace assay::testing {

float FakeScoreOf(const TokenIds& conversation) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, a token at a time.
  for (TokenId token : conversation) hash = (hash ^ static_cast<uint32_t>(token)) * 0x100000001b3;
  // The top 24 bits: every value is exact in float.
  return static_cast<float>(static_cast<int64_t>(hash >> 40) - (1 << 23)) / (1 << 23);
}

RewardScore FakeRewardOf(const TokenIds& conversation) {
  const float score = FakeScoreOf(conversation);
  return {.score = score,
          .rewards = {score, score / 2},
          .gating = {0.75f, 0.25f},
          .coefficients = {0.5f, 1.0f}};
}

ModelInfo FakeModelInfo() {
  return {.name = "fake",
          .revision = std::string(64, 'a'),
          .weights_hash = std::string(64, 'b'),
          .config_hash = std::string(64, 'c'),
          .tokenizer_hash = std::string(64, 'd'),
          .template_hash = std::string(64, 'e'),
          .architecture = "FakeForRewardModelWithGating",
          .objectives = {"length", "noise"},
          .chat_template = "llama3",
          .dtype = "float32",
          .heads = "precise",
          .device = "cpu",
          .max_tokens = 4096,
          .flops_per_token = 1000};
}

std::vector<absl::StatusOr<RewardScore>> FakeScorer::ScoreBatch(
    absl::Span<const PromptGroup> groups) {
  MutexLock lock(&mu_);
  begun_.push_back(groups.size());
  changed_.notify_all();
  while (blocked_) changed_.wait(mu_);

  int64_t tokens = 0;
  for (const PromptGroup& group : groups) tokens += group.ComputedTokens();
  std::vector<absl::StatusOr<RewardScore>> results;
  for (const PromptGroup& group : groups) {
    for (const EncodedResponse& response : group.responses) {
      TokenIds conversation = group.prefix;
      conversation.insert(conversation.end(), response.tokens.begin(), response.tokens.end());
      if (broken_) {
        results.emplace_back(absl::AbortedError("the device failed for good"));
      } else if (groups.size() > memory_groups_ || tokens > memory_tokens_) {
        results.emplace_back(absl::ResourceExhaustedError("the device is out of memory"));
      } else if (fail_on_.count(conversation) > 0) {
        results.emplace_back(absl::InternalError("the score is not finite"));
      } else {
        results.emplace_back(FakeRewardOf(conversation));
      }
      scored_.push_back(std::move(conversation));
    }
  }
  if (lose_one_) results.pop_back();
  lose_one_ = false;
  ended_.push_back(groups.size());
  changed_.notify_all();
  return results;
}

void FakeScorer::FailOn(TokenIds conversation) {
  MutexLock lock(&mu_);
  fail_on_.insert(std::move(conversation));
}

void FakeScorer::RunOutOfMemoryAbove(size_t groups) {
  MutexLock lock(&mu_);
  memory_groups_ = groups;
}

void FakeScorer::RunOutOfMemoryAboveTokens(int64_t tokens) {
  MutexLock lock(&mu_);
  memory_tokens_ = tokens;
}

void FakeScorer::Break() {
  MutexLock lock(&mu_);
  broken_ = true;
}

void FakeScorer::LoseOneResult() {
  MutexLock lock(&mu_);
  lose_one_ = true;
}

void FakeScorer::Block() {
  MutexLock lock(&mu_);
  blocked_ = true;
}

void FakeScorer::Release() {
  MutexLock lock(&mu_);
  blocked_ = false;
  changed_.notify_all();
}

std::vector<size_t> FakeScorer::AwaitBegun(size_t count) {
  MutexLock lock(&mu_);
  while (begun_.size() < count) changed_.wait(mu_);
  return begun_;
}

std::vector<size_t> FakeScorer::AwaitBatches(size_t count) {
  MutexLock lock(&mu_);
  while (ended_.size() < count) changed_.wait(mu_);
  return ended_;
}

std::vector<TokenIds> FakeScorer::Scored() const {
  MutexLock lock(&mu_);
  return scored_;
}

}  // namespace assay::testing
