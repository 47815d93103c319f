#include "server/score_cache.h"

namespace assay {

std::optional<RewardScore> ScoreCache::Find(const ConversationKey& key) {
  MutexLock lock(&mu_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->score;
}

void ScoreCache::Keep(const ConversationKey& key, const RewardScore& score) {
  const int64_t bytes = BytesOf(score);
  if (bytes > max_bytes_) return;
  MutexLock lock(&mu_);
  if (by_key_.find(key) != by_key_.end()) return;
  entries_.push_front({key, score});
  by_key_.emplace(key, entries_.begin());
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    bytes_ -= BytesOf(entries_.back().score);
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

int64_t ScoreCache::bytes() const {
  MutexLock lock(&mu_);
  return bytes_;
}

int64_t ScoreCache::BytesOf(const RewardScore& score) {
  // The nodes of the list and of the table, their links and the allocator's own share.
  constexpr int64_t kOverhead = 128;
  const auto numbers = score.rewards.size() + score.gating.size() + score.coefficients.size();
  return static_cast<int64_t>(sizeof(Entry) + sizeof(ConversationKey) + numbers * sizeof(float)) +
         kOverhead;
}

}  // namespace assay
