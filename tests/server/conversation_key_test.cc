#include "server/conversation_key.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/testing/fake_scorer.h"

namespace assay {
namespace {

ConversationKey Key(const TokenIds& prefix, const TokenIds& tokens, int64_t gate_at = 1,
                    const std::string& identity = "model") {
  return KeyOf(identity, prefix, {.tokens = tokens, .gate_at = gate_at});
}

TEST(ConversationKeyTest, WhereThePrefixEndsDoesNotMatter) {
  EXPECT_EQ(Key({1, 2}, {3, 4}), Key({}, {1, 2, 3, 4}));
  EXPECT_EQ(Key({1, 2, 3}, {4}), Key({1}, {2, 3, 4}));
}

TEST(ConversationKeyTest, EverythingThatAScoreDependsOnMatters) {
  const std::set<ConversationKey> keys = {
      Key({1, 2}, {3, 4}),        Key({1, 2}, {3, 5}),   Key({1, 2}, {4, 3}),
      Key({1, 2}, {3, 4, 4}),     Key({1, 2}, {3}),      Key({1, 2}, {3, 4}, 2),
      Key({1, 2}, {3, 4}, -1),    Key({1, 2}, {259, 4}), Key({1, 2}, {3, 4}, 1, "other"),
      Key({1, 2}, {3, 4}, 1, ""),
  };
  EXPECT_EQ(keys.size(), 10);
}

TEST(ConversationKeyTest, TheIdentityHoldsWhatTheModelIsAndHowItIsComputed) {
  const ModelInfo info = testing::FakeModelInfo();
  std::set<std::string> identities = {ScoringIdentity(info)};
  for (std::string ModelInfo::*field :
       {&ModelInfo::revision, &ModelInfo::dtype, &ModelInfo::heads, &ModelInfo::device}) {
    ModelInfo other = info;
    other.*field += "x";
    identities.insert(ScoringIdentity(other));
  }
  EXPECT_EQ(identities.size(), 5);
}

TEST(ConversationKeyTest, HashesSpread) {
  std::set<size_t> hashes;
  for (TokenId i = 0; i < 1000; ++i) hashes.insert(ConversationKeyHash()(Key({}, {i})));
  EXPECT_EQ(hashes.size(), 1000);
}

}  // namespace
}  // namespace assay
