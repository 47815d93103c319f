#include "server/batch_policy.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/testing/builders.h"

namespace assay {
namespace {

using testing::GroupOf;

std::vector<TaskCost> CostsOf(const std::vector<int64_t>& tokens) {
  std::vector<TaskCost> costs;
  for (int64_t t : tokens) costs.push_back({.tokens = t});
  return costs;
}

TEST(SelectBatchTest, AnEmptyQueueGivesAnEmptyBatch) { EXPECT_EQ(SelectBatch({}, {}), 0); }

TEST(SelectBatchTest, TheOldestTaskRunsEvenIfItIsOverTheBudgetAlone) {
  EXPECT_EQ(SelectBatch(CostsOf({100, 1}), {.max_tokens = 10}), 1);
}

TEST(SelectBatchTest, ATaskThatJustFillsTheBudgetIsIn) {
  EXPECT_EQ(SelectBatch(CostsOf({4, 6, 1}), {.max_tokens = 10}), 2);
}

TEST(SelectBatchTest, ASmallTaskDoesNotOvertakeALargeOne) {
  EXPECT_EQ(SelectBatch(CostsOf({4, 7, 1}), {.max_tokens = 10}), 1);
}

TEST(SelectBatchTest, ABatchIsTheLongestFrontOfTheQueueThatFits) {
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::vector<int64_t> tokens(random() % 20 + 1);
    for (int64_t& t : tokens) t = random() % 50 + 1;
    const TokenBudget budget{.max_tokens = static_cast<int64_t>(random() % 200 + 1)};
    const size_t count = SelectBatch(CostsOf(tokens), budget);
    ASSERT_GE(count, 1);
    ASSERT_LE(count, tokens.size());
    int64_t sum = 0;
    for (size_t i = 0; i < count; ++i) sum += tokens[i];
    EXPECT_TRUE(count == 1 || sum <= budget.max_tokens);
    EXPECT_TRUE(count == tokens.size() || sum + tokens[count] > budget.max_tokens);
  }
}

TEST(SplitGroupTest, AGroupThatFitsStaysWhole) {
  const PromptGroup group = GroupOf(4, {3, 3});
  const std::vector<PromptGroup> parts = SplitGroup(group, {.max_tokens = 10});
  ASSERT_EQ(parts.size(), 1);
  EXPECT_EQ(parts[0].responses.size(), 2);
}

TEST(SplitGroupTest, EachPartHasTheWholePrefixAndResponsesStayInOrder) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<int> lengths(random() % 12 + 1);
    for (int& length : lengths) length = random() % 30 + 1;
    const PromptGroup group = GroupOf(random() % 20, lengths);
    const TokenBudget budget{.max_tokens = static_cast<int64_t>(random() % 60 + 1)};
    std::vector<TokenIds> responses;
    for (const PromptGroup& part : SplitGroup(group, budget)) {
      EXPECT_EQ(part.prefix, group.prefix);
      ASSERT_FALSE(part.responses.empty());
      EXPECT_TRUE(part.responses.size() == 1 || CostOf(part).tokens <= budget.max_tokens);
      for (const EncodedResponse& response : part.responses) responses.push_back(response.tokens);
    }
    ASSERT_EQ(responses.size(), group.responses.size());
    for (size_t i = 0; i < responses.size(); ++i) {
      EXPECT_EQ(responses[i], group.responses[i].tokens);
    }
  }
}

TEST(SplitGroupTest, NoPartCouldTakeTheNextOnesFirstResponse) {
  const std::vector<PromptGroup> parts = SplitGroup(GroupOf(2, {3, 3, 3, 9, 1}), {.max_tokens = 8});
  ASSERT_EQ(parts.size(), 4);
  EXPECT_EQ(parts[0].responses.size(), 2);
  EXPECT_EQ(parts[1].responses.size(), 1);
  EXPECT_EQ(parts[2].responses.size(), 1);  // Over the budget alone.
  EXPECT_EQ(parts[3].responses.size(), 1);
}

}  // namespace
}  // namespace assay
