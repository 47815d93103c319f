#include "client/eval/report/row_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/eval_rows.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using testing::ErrorRow;
using ::testing::IsEmpty;
using testing::PairWith;
using testing::RowWith;
using testing::RunOf;
using testing::ScoreOf;
using ::testing::SizeIs;

const std::vector<EvalRow> kRows = {PairWith("a", 0, 1, 2), PairWith("a", 1, 3, 2),
                                    ErrorRow("a", 2),       PairWith("a", 3, 0, 5),
                                    PairWith("a", 4, 2, 2), PairWith("a", 5, 1, 2)};

TEST(RowSelectionTest, LostRowsAreThoseBelowZeroTheLowestFirst) {
  EXPECT_THAT(LostRows(kRows), ElementsAre(3, 0, 5));
  EXPECT_THAT(LostRows({}), IsEmpty());
}

TEST(RowSelectionTest, NearnessIsBySizeAloneAndEqualOnesKeepTheirOrder) {
  EXPECT_THAT(ByNearness(kRows), ElementsAre(4, 0, 1, 5, 3));
}

TEST(RowSelectionTest, FailedRowsAreThoseWithErrors) {
  EXPECT_THAT(FailedRows(kRows), ElementsAre(2));
}

TEST(RowSelectionTest, PairsAreOneAgainstOne) {
  EXPECT_TRUE(AreAllPairs(kRows));
  EXPECT_FALSE(AreAllPairs({RowWith("a", 0, {ScoreOf(1)}, {ScoreOf(0), ScoreOf(0)})}));
}

EvalSummary SummaryOf(const std::vector<std::string>& subsets) {
  FinishedRun finished = {.run = RunOf()};
  for (const std::string& subset : subsets) finished.rows.push_back(PairWith(subset, 0, 1, 0));
  return Summarize(finished, {});
}

TEST(RowSelectionTest, WithoutABenchmarkThereIsOneGroupInTheDatasOrder) {
  const auto groups = GroupSubsets(SummaryOf({"z", "a"}));
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].name, "");
  EXPECT_THAT(groups[0].subsets, ElementsAre(0, 1));
}

TEST(RowSelectionTest, RewardBenchsSubsetsAreInItsSectionsAndOthersLast) {
  const auto groups = GroupSubsets(
      SummaryOf({"own", "hep-rust", "shp", "alpacaeval-hard", "math-prm", "llmbar-natural"}));
  ASSERT_THAT(groups, SizeIs(5));
  EXPECT_EQ(groups[0].name, "Chat");
  EXPECT_THAT(groups[0].subsets, ElementsAre(3));
  EXPECT_EQ(groups[1].name, "Chat Hard");
  EXPECT_EQ(groups[2].name, "Reasoning");
  EXPECT_THAT(groups[2].subsets, ElementsAre(1, 4));
  EXPECT_EQ(groups[3].name, "Prior Sets");
  EXPECT_EQ(groups[4].name, "other");
  EXPECT_THAT(groups[4].subsets, ElementsAre(0));
}

}  // namespace
}  // namespace assay::client
