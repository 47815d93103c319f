#include "server/score_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace assay {
namespace {

ConversationKey Key(int number) { return KeyOf("model", {}, {.tokens = {number}, .gate_at = 0}); }

RewardScore ScoreOf(float score) {
  return {.score = score, .rewards = {score, 2 * score}, .gating = {1}, .coefficients = {3}};
}

// What one entry takes.
int64_t EntryBytes() {
  ScoreCache cache(1 << 20);
  cache.Keep(Key(0), ScoreOf(0));
  return cache.bytes();
}

TEST(ScoreCacheTest, AKeptScoreComesBackWhole) {
  ScoreCache cache(1 << 20);
  EXPECT_FALSE(cache.Find(Key(1)).has_value());
  cache.Keep(Key(1), ScoreOf(0.5f));
  const std::optional<RewardScore> found = cache.Find(Key(1));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->score, 0.5f);
  EXPECT_EQ(found->rewards, (std::vector<float>{0.5f, 1.0f}));
  EXPECT_EQ(found->gating, (std::vector<float>{1}));
  EXPECT_EQ(found->coefficients, (std::vector<float>{3}));
  EXPECT_FALSE(cache.Find(Key(2)).has_value());
}

TEST(ScoreCacheTest, TheLeastRecentlyUsedIsForgotten) {
  ScoreCache cache(3 * EntryBytes());
  for (int i = 0; i < 3; ++i) cache.Keep(Key(i), ScoreOf(i));
  EXPECT_TRUE(cache.Find(Key(0)).has_value());
  cache.Keep(Key(3), ScoreOf(3));
  EXPECT_TRUE(cache.Find(Key(0)).has_value());
  EXPECT_FALSE(cache.Find(Key(1)).has_value());
  EXPECT_TRUE(cache.Find(Key(3)).has_value());
}

TEST(ScoreCacheTest, ItNeverPassesItsBound) {
  const int64_t bound = 10 * EntryBytes() + 17;
  ScoreCache cache(bound);
  for (int i = 0; i < 1000; ++i) {
    cache.Keep(Key(i), ScoreOf(i));
    cache.Keep(Key(i), ScoreOf(i));
    ASSERT_LE(cache.bytes(), bound);
  }
  EXPECT_EQ(cache.bytes(), 10 * EntryBytes());
}

TEST(ScoreCacheTest, WithoutRoomItKeepsNothing) {
  ScoreCache cache(0);
  cache.Keep(Key(1), ScoreOf(1));
  EXPECT_FALSE(cache.Find(Key(1)).has_value());
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(ScoreCacheTest, ManyThreadsNeverSeeAnothersScore) {
  ScoreCache cache(20 * EntryBytes());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, &wrong, t] {
      for (int i = 0; i < 5000; ++i) {
        const int number = (i * 7 + t) % 40;
        const std::optional<RewardScore> found = cache.Find(Key(number));
        if (found.has_value() && found->score != number) ++wrong;
        if (!found.has_value()) cache.Keep(Key(number), ScoreOf(number));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace assay
