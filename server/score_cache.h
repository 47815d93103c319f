// server/score_cache.h
// Scores already computed, the least recently used forgotten first, within a bound on memory.
// Decides nothing about what equals what: that is the key.
#ifndef ASSAY_SERVER_SCORE_CACHE_H_
#define ASSAY_SERVER_SCORE_CACHE_H_

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "model/types.h"
#include "server/conversation_key.h"

namespace assay {

// Thread-safe.
class ScoreCache {
 public:
  // `max_bytes` >= 0, of entries with what they take in the tables; 0 keeps nothing.
  explicit ScoreCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  std::optional<RewardScore> Find(const ConversationKey& key) ABSL_LOCKS_EXCLUDED(mu_);
  void Keep(const ConversationKey& key, const RewardScore& score) ABSL_LOCKS_EXCLUDED(mu_);

  int64_t bytes() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    ConversationKey key;
    RewardScore score;
  };

  static int64_t BytesOf(const RewardScore& score);

  const int64_t max_bytes_;

  mutable Mutex mu_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mu_);  // Most recently used first.
  std::unordered_map<ConversationKey, std::list<Entry>::iterator, ConversationKeyHash> by_key_
      ABSL_GUARDED_BY(mu_);
  int64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;  // Sum of BytesOf() over entries_.
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORE_CACHE_H_
