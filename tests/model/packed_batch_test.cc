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

// `count` ids from `first` on.
TokenIds Ids(TokenId first, int64_t count) {
  TokenIds ids(count);
  for (int64_t i = 0; i < count; ++i) ids[i] = first + static_cast<TokenId>(i);
  return ids;
}

// A prefix of 20 tokens, responses of 2 and 1 tokens; then a group of one response without a prefix.
std::vector<PromptGroup> TwoGroups() {
  return {{.prefix = Ids(10, 20),
           .responses = {{.tokens = {60, 61}, .gate_at = 1}, {.tokens = {70}, .gate_at = 20}}},
          {.prefix = {}, .responses = {{.tokens = {80, 81}, .gate_at = 0}}}};
}

// What the last row of a response sees: (id, position) of every row, in order.
using Sequence = std::vector<std::pair<int64_t, int64_t>>;
Sequence SequenceEndingAt(const PackedBatch& batch, int64_t row) {
  Sequence seen;
  for (const PackedSegment& segment : batch.segments) {
    if (row < segment.own.begin || row >= segment.own.end) continue;
    std::vector<RowRange> ranges = segment.prefix;
    ranges.push_back({segment.own.begin, row + 1});
    for (RowRange range : ranges) {
      for (int64_t i = range.begin; i < range.end; ++i) {
        seen.emplace_back(batch.ids[i], batch.positions[i]);
      }
    }
  }
  return seen;
}

TEST(PackedBatchTest, ComputesASharedPrefixOnceAndContinuesItsPositions) {
  const PackedBatch batch = PackGroups(TwoGroups(), /*share_prefixes=*/true);
  EXPECT_EQ(batch.ids.size(), 25);
  EXPECT_EQ(batch.positions[19], 19);
  EXPECT_THAT(std::vector<int64_t>(batch.positions.begin() + 20, batch.positions.end()),
              ElementsAre(20, 21, 20, 0, 1));
  EXPECT_THAT(batch.segments,
              ElementsAre(PackedSegment{{0, 20}, {}}, PackedSegment{{20, 22}, {{0, 20}}},
                          PackedSegment{{22, 23}, {{0, 20}}}, PackedSegment{{23, 25}, {}}));
  EXPECT_THAT(batch.reward_rows, ElementsAre(21, 22, 24));
  // The first gate is in the prefix, the second in the response itself.
  EXPECT_THAT(batch.gate_rows, ElementsAre(1, 22, 23));
}

TEST(PackedBatchTest, WritesThePrefixOutForEachResponseWhenItIsNotShared) {
  const PackedBatch batch = PackGroups(TwoGroups(), /*share_prefixes=*/false);
  EXPECT_EQ(batch.ids.size(), 45);
  EXPECT_THAT(batch.segments, ElementsAre(PackedSegment{{0, 22}, {}}, PackedSegment{{22, 43}, {}},
                                          PackedSegment{{43, 45}, {}}));
  EXPECT_THAT(batch.reward_rows, ElementsAre(21, 42, 44));
  EXPECT_THAT(batch.gate_rows, ElementsAre(1, 42, 43));
}

TEST(PackedBatchTest, SharesAcrossGroupsWhatTheirSequencesHaveInCommonAtEveryDepth) {
  // Two requests of one response each, with the same system turn and prompt; a third with the system turn alone.
  TokenIds first = Ids(0, 50), second = Ids(0, 50), third = Ids(0, 30);
  first.push_back(90);
  second.push_back(91);
  third.push_back(92);
  const std::vector<PromptGroup> groups = {{.prefix = {}, .responses = {{.tokens = first}}},
                                           {.prefix = {}, .responses = {{.tokens = third}}},
                                           {.prefix = {}, .responses = {{.tokens = second}}}};
  const PackedBatch batch = PackGroups(groups, true);
  EXPECT_THAT(batch.segments,
              ElementsAre(PackedSegment{{0, 30}, {}}, PackedSegment{{30, 50}, {{0, 30}}},
                          PackedSegment{{50, 51}, {{0, 30}, {30, 50}}},
                          PackedSegment{{51, 52}, {{0, 30}, {30, 50}}},
                          PackedSegment{{52, 53}, {{0, 30}}}));
  EXPECT_THAT(batch.reward_rows, ElementsAre(50, 52, 51));
}

TEST(PackedBatchTest, ComputesEqualConversationsOnceAndEndsOneInsideAnother) {
  const std::vector<PromptGroup> groups = {
      {.prefix = {}, .responses = {{.tokens = Ids(0, 20), .gate_at = 3}}},
      {.prefix = {}, .responses = {{.tokens = Ids(0, 20), .gate_at = 3}}},
      {.prefix = Ids(0, 10), .responses = {{.tokens = Ids(10, 15), .gate_at = 22}}}};
  const PackedBatch batch = PackGroups(groups, true);
  EXPECT_THAT(batch.segments,
              ElementsAre(PackedSegment{{0, 20}, {}}, PackedSegment{{20, 25}, {{0, 20}}}));
  EXPECT_THAT(batch.reward_rows, ElementsAre(19, 19, 24));
  EXPECT_THAT(batch.gate_rows, ElementsAre(3, 3, 22));
}

TEST(PackedBatchTest, DoesNotPartSequencesForAFewRows) {
  const std::vector<PromptGroup> groups = {
      {.prefix = Ids(0, 15), .responses = {{.tokens = {80}}, {.tokens = {81}}}}};
  EXPECT_THAT(PackGroups(groups, true).segments,
              ElementsAre(PackedSegment{{0, 16}, {}}, PackedSegment{{16, 32}, {}}));
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
      // Few ids, so that groups agree now and then, and long enough to be worth sharing.
      group.prefix.resize(random() % 60);
      const TokenId prompt = random() % 2;
      for (TokenId& id : group.prefix) id = random() % 64 == 0 ? 2 : prompt;
      group.responses.resize(1 + random() % 4);
      for (EncodedResponse& response : group.responses) {
        response.tokens.resize(1 + random() % 5);
        for (TokenId& id : response.tokens) id = random() % 3;
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
