#include "model/pass_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<int32_t> NumbersOf(const PassPlan& plan, PlanPart part) {
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

// The same by the plan, read as a kernel reads it: bottom-right causal within the row's run.
std::vector<int32_t> SeenByPlan(const PassPlan& plan, int64_t row) {
  const auto run = std::find_if(plan.runs.begin(), plan.runs.end(),
                                [&](const AttentionRun& r) { return row < r.rows.end; });
  const int64_t query = row - run->rows.begin;
  const std::vector<int32_t> queries = NumbersOf(plan, run->query_bounds);
  const std::vector<int32_t> keys = NumbersOf(plan, run->key_bounds);
  const std::vector<int32_t> key_rows = NumbersOf(plan, run->key_rows);
  const size_t s = std::upper_bound(queries.begin(), queries.end(), query) - queries.begin() - 1;
  const int64_t unseen = queries[s + 1] - 1 - query;
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
  ASSERT_THAT(plan.runs, SizeIs(1));
  EXPECT_EQ(plan.runs[0].rows, (RowRange{0, 5}));
  EXPECT_THAT(NumbersOf(plan, plan.runs[0].query_bounds), ElementsAre(0, 3, 5));
  EXPECT_THAT(NumbersOf(plan, plan.runs[0].key_bounds), ElementsAre(0, 3, 5));
  EXPECT_EQ(plan.numbers.size(), 5 + 5 + 3 + 3 + 3);
}

TEST(PassPlanTest, NamesNoKeyRowsWhereTheKeysAreThePackAsItLies) {
  const std::vector<PromptGroup> groups = {
      {.prefix = TokenIds(30, 1), .responses = {{{2}}, {{3}}}}};
  // Without a prefix nothing is gathered, and no bound applies.
  const PassPlan whole = PlanPass(PackGroups(groups, false), {0}, /*max_run_keys=*/1);
  EXPECT_FALSE(whole.shares());
  ASSERT_THAT(whole.runs, SizeIs(1));
  EXPECT_EQ(whole.runs[0].longest_keys, 31);
  const PassPlan shared = PlanPass(PackGroups(groups, true), {0});
  EXPECT_TRUE(shared.shares());
  ASSERT_THAT(shared.runs, SizeIs(1));
  EXPECT_EQ(shared.runs[0].key_rows.size, 30 + 31 + 31);
  EXPECT_EQ(shared.runs[0].longest_query, 30);
  EXPECT_EQ(shared.runs[0].longest_keys, 31);
}

TEST(PassPlanTest, NoRunHasMoreKeysThanAllowedButForALongerPathAlone) {
  const std::vector<PromptGroup> groups = {
      {.prefix = TokenIds(30, 1), .responses = {{{2}}, {{3}}, {{4, 4}}, {{5}}}}};
  // Paths of 30, 31, 31, 32 and 31 keys.
  const PassPlan plan = PlanPass(PackGroups(groups, true), {0}, 63);
  std::vector<int64_t> keys;
  for (const AttentionRun& run : plan.runs) keys.push_back(run.key_rows.size);
  EXPECT_THAT(keys, ElementsAre(61, 63, 31));
  EXPECT_THAT(PlanPass(PackGroups(groups, true), {0}, 1).runs, SizeIs(5));
}

TEST(PassPlanTest, EveryRowSeesByThePlanWhatItSeesByTheSegments) {
  std::mt19937 random(5);
  int shared = 0, split = 0;
  for (int round = 0; round < 300; ++round) {
    const PackedBatch batch = PackGroups(RandomGroups(random), round % 4 != 0);
    const PassPlan plan = PlanPass(batch, {0}, round % 2 == 0 ? kMaxRunKeys : 150);
    shared += plan.shares();
    split += plan.runs.size() > 1;
    int64_t longest_keys = 0;
    for (int64_t row = 0; row < static_cast<int64_t>(batch.ids.size()); ++row) {
      const std::vector<int32_t> seen = SeenBy(batch, row);
      ASSERT_EQ(SeenByPlan(plan, row), seen) << "round " << round << ", row " << row;
      longest_keys = std::max<int64_t>(longest_keys, seen.size());
    }
    int64_t longest_planned = 0;
    for (const AttentionRun& run : plan.runs) {
      longest_planned = std::max(longest_planned, run.longest_keys);
    }
    EXPECT_EQ(longest_planned, longest_keys);
  }
  EXPECT_GT(shared, 100);
  EXPECT_GT(split, 30);
}

}  // namespace
}  // namespace assay
