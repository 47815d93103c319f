#include "model/packed_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Prefix 10 11 12, responses of 2 and 1 tokens; then a group of one response without a prefix.
std::vector<PromptGroup> TwoGroups() {
  return {{.prefix = {10, 11, 12},
           .responses = {{.tokens = {20, 21}, .gate_at = 1}, {.tokens = {30}, .gate_at = 3}}},
          {.prefix = {}, .responses = {{.tokens = {40, 41}, .gate_at = 0}}}};
}

// What the last row of a response sees: (id, position) of every row, in order.
using Sequence = std::vector<std::pair<int64_t, int64_t>>;
Sequence SequenceEndingAt(const PackedBatch& batch, int64_t row) {
  Sequence seen;
  for (const PackedSegment& segment : batch.segments) {
    if (row < segment.own.begin || row >= segment.own.end) continue;
    for (RowRange range : {segment.prefix, RowRange{segment.own.begin, row + 1}}) {
      for (int64_t i = range.begin; i < range.end; ++i) {
        seen.emplace_back(batch.ids[i], batch.positions[i]);
      }
    }
  }
  return seen;
}

TEST(PackedBatchTest, ComputesASharedPrefixOnceAndContinuesItsPositions) {
  const PackedBatch batch = PackGroups(TwoGroups(), /*share_prefixes=*/true);
  EXPECT_THAT(batch.ids, ElementsAre(10, 11, 12, 20, 21, 30, 40, 41));
  EXPECT_THAT(batch.positions, ElementsAre(0, 1, 2, 3, 4, 3, 0, 1));
  EXPECT_THAT(batch.segments,
              ElementsAre(PackedSegment{{0, 3}, {}}, PackedSegment{{3, 5}, {0, 3}},
                          PackedSegment{{5, 6}, {0, 3}}, PackedSegment{{6, 8}, {}}));
  EXPECT_THAT(batch.reward_rows, ElementsAre(4, 5, 7));
  // The first gate is in the prefix, the second in the response itself.
  EXPECT_THAT(batch.gate_rows, ElementsAre(1, 5, 6));
}

TEST(PackedBatchTest, WritesThePrefixOutForEachResponseWhenItIsNotShared) {
  const PackedBatch batch = PackGroups(TwoGroups(), /*share_prefixes=*/false);
  EXPECT_THAT(batch.ids, ElementsAre(10, 11, 12, 20, 21, 10, 11, 12, 30, 40, 41));
  EXPECT_THAT(batch.positions, ElementsAre(0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 1));
  EXPECT_THAT(batch.segments, ElementsAre(PackedSegment{{0, 5}, {}}, PackedSegment{{5, 9}, {}},
                                          PackedSegment{{9, 11}, {}}));
  EXPECT_THAT(batch.reward_rows, ElementsAre(4, 8, 10));
  EXPECT_THAT(batch.gate_rows, ElementsAre(1, 8, 9));
}

TEST(PackedBatchTest, AGroupOfOneResponseIsOneSegmentEitherWay) {
  const std::vector<PromptGroup> groups = {
      {.prefix = {1, 2}, .responses = {{.tokens = {3}, .gate_at = 0}}}};
  EXPECT_THAT(PackGroups(groups, true).segments, ElementsAre(PackedSegment{{0, 3}, {}}));
  EXPECT_THAT(PackGroups(groups, true).gate_rows, ElementsAre(0));
}

TEST(PackedBatchTest, HasNoGateRowsForAModelWithoutAGate) {
  const std::vector<PromptGroup> groups = {
      {.prefix = {1}, .responses = {{.tokens = {3}}, {.tokens = {4}}}}};
  EXPECT_THAT(PackGroups(groups, true).gate_rows, IsEmpty());
  EXPECT_THAT(PackGroups({}, true).ids, IsEmpty());
}

TEST(PackedBatchTest, EveryResponseSeesTheSameSequenceSharedOrNot) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<PromptGroup> groups(1 + random() % 4);
    for (PromptGroup& group : groups) {
      group.prefix.resize(random() % 5);
      for (TokenId& id : group.prefix) id = random() % 100;
      group.responses.resize(1 + random() % 4);
      for (EncodedResponse& response : group.responses) {
        response.tokens.resize(1 + random() % 5);
        for (TokenId& id : response.tokens) id = random() % 100;
        response.gate_at = random() % group.InputTokens(response);
      }
    }
    const PackedBatch shared = PackGroups(groups, true);
    const PackedBatch whole = PackGroups(groups, false);
    ASSERT_EQ(shared.reward_rows.size(), whole.reward_rows.size());
    size_t i = 0;
    for (const PromptGroup& group : groups) {
      for (const EncodedResponse& response : group.responses) {
        const Sequence reward = SequenceEndingAt(shared, shared.reward_rows[i]);
        ASSERT_EQ(reward.size(), group.InputTokens(response));
        ASSERT_EQ(reward, SequenceEndingAt(whole, whole.reward_rows[i]));
        const Sequence gate = SequenceEndingAt(shared, shared.gate_rows[i]);
        ASSERT_EQ(gate.size(), response.gate_at + 1);
        ASSERT_EQ(gate, SequenceEndingAt(whole, whole.gate_rows[i]));
        ++i;
      }
    }
  }
}

}  // namespace
}  // namespace assay
