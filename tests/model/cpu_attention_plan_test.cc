#include "model/cpu_attention_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A prefix, two segments after it, one after the first of them.
const std::vector<PackedSegment>& Tree() {
  static const auto& tree = *new std::vector<PackedSegment>{
      {{0, 3}, {}}, {{3, 5}, {{0, 3}}}, {{5, 6}, {{0, 3}, {3, 5}}}, {{6, 8}, {{0, 3}}}};
  return tree;
}

std::vector<int> VisibleOf(const CpuAttentionPlan& plan) {
  std::vector<int> visible;
  for (const AttentionQuery& query : plan.queries) visible.push_back(query.visible);
  return visible;
}

TEST(CpuAttentionPlanTest, EveryRowSeesItsPathUpToItself) {
  const CpuAttentionPlan plan = PlanCpuAttention(Tree(), 1);
  EXPECT_THAT(VisibleOf(plan), ElementsAre(1, 2, 3, 4, 5, 6, 4, 5));
  EXPECT_EQ(plan.queries[6].row, 6);
  EXPECT_THAT(plan.key_rows,
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(0, 1, 2, 3, 4),
                          ElementsAre(0, 1, 2, 3, 4, 5), ElementsAre(0, 1, 2, 6, 7)));
  ASSERT_EQ(plan.spans.size(), 4);
  EXPECT_EQ(plan.spans[3].segment, 3);
  EXPECT_EQ(plan.spans[3].first_query, 6);
  EXPECT_EQ(plan.spans[3].queries, 2);
}

TEST(CpuAttentionPlanTest, ALongSegmentIsCutForSeveralThreadsAndCoveredWhole) {
  const std::vector<PackedSegment> segments = {{{0, 1000}, {}}, {{1000, 1001}, {{0, 1000}}}};
  EXPECT_EQ(PlanCpuAttention(segments, 1).spans.size(), 2);
  const CpuAttentionPlan plan = PlanCpuAttention(segments, 2);
  EXPECT_GT(plan.spans.size(), 4);
  size_t next = 0;
  for (const AttentionSpan& span : plan.spans) {
    EXPECT_EQ(span.first_query, next);
    next += span.queries;
  }
  EXPECT_EQ(next, 1001);
}

TEST(CpuAttentionPlanTest, OfSomeRowsOnlyTheirSegmentsTakePart) {
  const CpuAttentionPlan plan = PlanCpuAttentionOfRows(Tree(), {1, 5, 6, 7});
  EXPECT_THAT(VisibleOf(plan), ElementsAre(2, 6, 4, 5));
  EXPECT_EQ(plan.queries[1].row, 1);
  EXPECT_THAT(plan.key_rows[1], IsEmpty());
  EXPECT_THAT(plan.key_rows[2], ElementsAre(0, 1, 2, 3, 4, 5));
  ASSERT_EQ(plan.spans.size(), 3);
  EXPECT_EQ(plan.spans[2].segment, 3);
  EXPECT_EQ(plan.spans[2].queries, 2);
}

}  // namespace
}  // namespace assay
