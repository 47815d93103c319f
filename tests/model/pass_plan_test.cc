#include "model/pass_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int32_t> NumbersOf(const PassPlan& plan, PassPlan::Part part) {
  const auto begin = plan.numbers.begin() + part.begin;
  return {begin, begin + part.size};
}

// The rows of the pack that `row` sees, by the segments themselves.
std::vector<int32_t> SeenBy(const PackedBatch& batch, int64_t row) {
  std::vector<int32_t> seen;
  for (const PackedSegment& segment : batch.segments) {
    if (row < segment.own.begin || row >= segment.own.end) continue;
    std::vector<RowRange> ranges = segment.prefix;
    ranges.push_back({segment.own.begin, row + 1});
    for (RowRange range : ranges) {
      for (int64_t i = range.begin; i < range.end; ++i) seen.push_back(static_cast<int32_t>(i));
    }
  }
  return seen;
}

// The same by the plan, read as a kernel reads it: bottom-right causal.
std::vector<int32_t> SeenByPlan(const PassPlan& plan, int64_t row) {
  const std::vector<int32_t> queries = NumbersOf(plan, plan.query_bounds);
  const std::vector<int32_t> keys = NumbersOf(plan, plan.key_bounds);
  const std::vector<int32_t> key_rows = NumbersOf(plan, plan.key_rows);
  const size_t s = std::upper_bound(queries.begin(), queries.end(), row) - queries.begin() - 1;
  const int64_t unseen = queries[s + 1] - 1 - row;
  std::vector<int32_t> seen;
  for (int32_t key = keys[s]; key < keys[s + 1] - unseen; ++key) {
    seen.push_back(key_rows.empty() ? key : key_rows[key]);
  }
  return seen;
}

std::vector<PromptGroup> RandomGroups(std::mt19937& random) {
  // Few different ids, so that sequences often begin alike, across groups too.
  const auto draw = [&](int64_t length) {
    TokenIds ids(length);
    for (TokenId& id : ids) id = static_cast<TokenId>(random() % 2);
    return ids;
  };
  const TokenIds common = draw(40);
  std::vector<PromptGroup> groups(1 + random() % 5);
  for (PromptGroup& group : groups) {
    group.prefix.assign(common.begin(), common.begin() + random() % 41);
    group.responses.resize(1 + random() % 4);
    for (EncodedResponse& response : group.responses) response.tokens = draw(1 + random() % 30);
  }
  return groups;
}

TEST(PassPlanTest, LaysOutIdsPositionsAndRowsEndToEnd) {
  const std::vector<PromptGroup> groups = {{.prefix = {}, .responses = {{.tokens = {7, 8, 9}}}},
                                           {.prefix = {}, .responses = {{.tokens = {5, 6}}}}};
  const PassPlan plan = PlanPass(PackGroups(groups, true), {4, 0, 4});
  EXPECT_THAT(NumbersOf(plan, plan.ids), ElementsAre(7, 8, 9, 5, 6));
  EXPECT_THAT(NumbersOf(plan, plan.positions), ElementsAre(0, 1, 2, 0, 1));
  EXPECT_THAT(NumbersOf(plan, plan.rows), ElementsAre(4, 0, 4));
  EXPECT_THAT(NumbersOf(plan, plan.query_bounds), ElementsAre(0, 3, 5));
  EXPECT_THAT(NumbersOf(plan, plan.key_bounds), ElementsAre(0, 3, 5));
  EXPECT_EQ(plan.numbers.size(), 5 + 5 + 3 + 3 + 3);
}

TEST(PassPlanTest, NamesNoKeyRowsWhereTheKeysAreThePackAsItLies) {
  const std::vector<PromptGroup> groups = {
      {.prefix = TokenIds(30, 1), .responses = {{{2}}, {{3}}}}};
  const PassPlan whole = PlanPass(PackGroups(groups, false), {0});
  EXPECT_THAT(NumbersOf(whole, whole.key_rows), IsEmpty());
  EXPECT_EQ(whole.longest_keys, 31);
  const PassPlan shared = PlanPass(PackGroups(groups, true), {0});
  EXPECT_EQ(shared.key_rows.size, 30 + 31 + 31);
  EXPECT_EQ(shared.longest_query, 30);
  EXPECT_EQ(shared.longest_keys, 31);
}

TEST(PassPlanTest, EveryRowSeesByThePlanWhatItSeesByTheSegments) {
  std::mt19937 random(5);
  int with_prefix = 0;
  for (int round = 0; round < 200; ++round) {
    const PackedBatch batch = PackGroups(RandomGroups(random), round % 4 != 0);
    const PassPlan plan = PlanPass(batch, {0});
    with_prefix += plan.key_rows.size > 0;
    int64_t longest_keys = 0;
    for (int64_t row = 0; row < static_cast<int64_t>(batch.ids.size()); ++row) {
      const std::vector<int32_t> seen = SeenBy(batch, row);
      ASSERT_EQ(SeenByPlan(plan, row), seen) << "round " << round << ", row " << row;
      longest_keys = std::max<int64_t>(longest_keys, seen.size());
    }
    EXPECT_EQ(plan.longest_keys, longest_keys);
  }
  EXPECT_GT(with_prefix, 50);
}

}  // namespace
}  // namespace assay
