#include "server/batch_policy.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/testing/builders.h"

namespace assay {
namespace {

using testing::GroupOf;

TEST(FitsBatchTest, ATaskThatJustFillsTheBudgetIsIn) {
  EXPECT_TRUE(FitsBatch(4, 6, {.max_tokens = 10}));
  EXPECT_FALSE(FitsBatch(4, 7, {.max_tokens = 10}));
}

TEST(FitsBatchTest, ATaskOverTheBudgetRunsAlone) {
  EXPECT_TRUE(FitsBatch(0, 100, {.max_tokens = 10}));
  EXPECT_FALSE(FitsBatch(1, 100, {.max_tokens = 10}));
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
