#include "model/merge_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TokenIds Merged(const MergeTable& table, TokenIds symbols) {
  table.MergeAll(&symbols);
  return symbols;
}

TEST(MergeTableTest, TheMergeThatRanksFirstGoesFirst) {
  MergeTable table;
  table.Add(1, 2, /*rank=*/7, /*joined=*/12);
  table.Add(2, 3, /*rank=*/4, /*joined=*/23);
  EXPECT_THAT(Merged(table, {1, 2, 3}), ElementsAre(1, 23));
  EXPECT_THAT(Merged(table, {1, 2, 1}), ElementsAre(12, 1));
}

TEST(MergeTableTest, OfEqualRanksTheLeftmostGoesFirst) {
  MergeTable table;
  table.Add(1, 1, 0, 11);
  EXPECT_THAT(Merged(table, {1, 1, 1}), ElementsAre(11, 1));
}

TEST(MergeTableTest, APairAddedTwiceHasItsLastRank) {
  MergeTable table;
  table.Add(1, 2, 0, 12);
  table.Add(2, 3, 1, 23);
  table.Add(1, 2, 2, 12);
  EXPECT_THAT(Merged(table, {1, 2, 3}), ElementsAre(1, 23));
}

TEST(MergeTableTest, WithoutMergesSymbolsStay) {
  EXPECT_THAT(Merged(MergeTable(), {}), IsEmpty());
  EXPECT_THAT(Merged(MergeTable(), {5}), ElementsAre(5));
  EXPECT_EQ(Merged(MergeTable(), TokenIds(100, 5)), TokenIds(100, 5));
}

TEST(MergeTableTest, RandomTablesMergeAsTheDefinitionSays) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    MergeTable table;
    std::map<std::pair<TokenId, TokenId>, std::pair<int32_t, TokenId>> merges;
    for (int32_t rank = 0; rank < 20; ++rank) {
      const TokenId known = 4 + rank;
      const std::pair<TokenId, TokenId> pair = {random() % known, random() % known};
      // One id for one content, as in a vocabulary.
      if (merges.emplace(pair, std::make_pair(rank, known)).second) {
        table.Add(pair.first, pair.second, rank, known);
      }
    }
    for (const size_t length : {2, 10, 47, 48, 49, 50, 90}) {
      TokenIds symbols;
      for (size_t i = 0; i < length; ++i) symbols.push_back(random() % 4);
      TokenIds expected = symbols;
      for (;;) {
        auto best = merges.end();
        size_t best_at = 0;
        for (size_t at = 0; at + 1 < expected.size(); ++at) {
          const auto found = merges.find({expected[at], expected[at + 1]});
          if (found == merges.end()) continue;
          if (best != merges.end() && best->second.first <= found->second.first) continue;
          best = found;
          best_at = at;
        }
        if (best == merges.end()) break;
        expected[best_at] = best->second.second;
        expected.erase(expected.begin() + best_at + 1);
      }
      ASSERT_EQ(Merged(table, symbols), expected);
    }
  }
}

TEST(MergeTableTest, AMillionEqualSymbolsAreNotQuadratic) {
  MergeTable table;
  for (int i = 0; i < 10; ++i) table.Add(i, i, i, i + 1);
  EXPECT_EQ(Merged(table, TokenIds(1 << 20, 0)), TokenIds(1 << 10, 10));
}

}  // namespace
}  // namespace assay
