#include "client/eval/eval_tables.h"

#include "absl/strings/str_cat.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::ErrorRow;
using ::assay::testing::PairWith;
using ::assay::testing::RowWith;
using ::assay::testing::RunOf;
using ::assay::testing::ScoreOf;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

FinishedRun FinishedOf(size_t objectives, size_t subsets = 2) {
  FinishedRun finished = {.run = RunOf(objectives)};
  for (size_t s = 0; s < subsets; ++s) {
    const std::string subset = absl::StrCat("subset-", s);
    for (int i = 0; i < 4; ++i) {  // Won, tied, lost, lost.
      finished.rows.push_back(
          RowWith(subset, i, {ScoreOf(1, std::vector<float>(objectives, 1))},
                  {ScoreOf(static_cast<float>(i), std::vector<float>(objectives, 0))}));
    }
    finished.rows.push_back(ErrorRow(subset, 9));
  }
  return finished;
}

std::string TablesOf(const FinishedRun& finished, const SummaryOptions& options = {}) {
  return RenderTables(Summarize(finished, options));
}

TEST(EvalTablesTest, FewObjectivesStandBesideTheScore) {
  EXPECT_EQ(TablesOf(FinishedOf(1), {.too_close = 0.5}),
            "Accuracy in percent: how often every chosen response scores strictly higher; ties "
            "count as loss.\n"
            "\n"
            "subset    rows  score  95 % interval  objective-0  ties  too close  errors\n"
            "--------------------------------------------------------------------------\n"
            "subset-0     4   25.0    4.6 to 69.9        100.0     1          1       1\n"
            "subset-1     4   25.0    4.6 to 69.9        100.0     1          1       1\n"
            "--------------------------------------------------------------------------\n"
            "all rows     8   25.0    7.1 to 59.1        100.0     2          2       2\n"
            "\n"
            "model m, revision 0123456789ab, bfloat16, precise heads; 8 rows, 160 tokens\n"
            "too close to call: margins below 0.5, as --too-close says\n");
}

TEST(EvalTablesTest, ManyObjectivesHaveATableOfTheirOwn) {
  const std::string text = TablesOf(FinishedOf(19));
  EXPECT_THAT(text, HasSubstr("\nobjective "));
  EXPECT_THAT(text, HasSubstr("\nobjective-18 "));
  EXPECT_THAT(text, Not(HasSubstr("95 % interval  objective-0")));
}

TEST(EvalTablesTest, ManySubsetsAreNotSpreadOverTheObjectivesTable) {
  const std::string text = TablesOf(FinishedOf(19, 20));
  EXPECT_EQ(text.find("subset-19"), text.rfind("subset-19"));  // Once, in the first table.
}

TEST(EvalTablesTest, ASubsetOfErrorsHasNoAccuracy) {
  FinishedRun finished = FinishedOf(0);
  for (int i = 0; i < 3; ++i) finished.rows.push_back(ErrorRow("broken", i));
  EXPECT_THAT(TablesOf(finished, {.too_close = 0.5}),
              HasSubstr("broken       0      -              -     0          0       3\n"));
}

TEST(EvalTablesTest, WhereTheErrorIsNotKnownNothingIsTooCloseAndThatIsSaid) {
  EXPECT_THAT(TablesOf(FinishedOf(0)),
              AllOf(HasSubstr("all rows     8   25.0    7.1 to 59.1     2          -       2\n"),
                    HasSubstr("too close to call: not counted")));
}

TEST(EvalTablesTest, NoTableClaimsABenchmarksScoreForOtherSubsets) {
  EXPECT_THAT(TablesOf(FinishedOf(2)), Not(HasSubstr("RewardBench")));
}

TEST(EvalTablesTest, SectionsStandBesideThePublishedRowsAndSayWhatIsMissing) {
  FinishedRun finished = {.run = RunOf()};
  for (int i = 0; i < 4; ++i) finished.rows.push_back(PairWith("hep-go", i, 1, i == 0 ? 2 : 0));
  const std::string text = TablesOf(finished);
  EXPECT_THAT(text, HasSubstr("RewardBench "));
  EXPECT_THAT(text, HasSubstr("\nm                           75.00 *     -          -       -     "
                              "75.0 *           -\n"));
  EXPECT_THAT(text, HasSubstr("ArmoRM-Llama3-8B-v0.1         88.97  96.9"));
  EXPECT_THAT(text, HasSubstr("* partial, and no RewardBench score: Chat is missing; Chat Hard is "
                              "missing; Safety is missing; Reasoning has 4 of 1,431 rows (without "
                              "math-prm, hep-cpp, hep-java, hep-js, hep-python, hep-rust)"));
  EXPECT_THAT(text, HasSubstr("\nwithout Prior Sets, which the published scores hold"));
  EXPECT_THAT(text, HasSubstr("this run has the current weights"));
  EXPECT_THAT(TablesOf(finished, {.weighting = Weighting::kMay2024}),
              HasSubstr("this run has the same weights"));
}

TEST(EvalTablesTest, StylesAndTiesAreShownWhereThereAreSuch) {
  FinishedRun finished = {.run = RunOf()};
  finished.rows = {RowWith("chat", 1, {ScoreOf(1), ScoreOf(3)}, {ScoreOf(0), ScoreOf(2)}),
                   RowWith("Ties", "ref:1", {ScoreOf(9)}, {ScoreOf(1)}),
                   RowWith("Ties", "tied:1", {ScoreOf(9), ScoreOf(8)}, {ScoreOf(1)})};
  const std::string text = TablesOf(finished);
  EXPECT_THAT(text, HasSubstr("chat     0.0   100.0  100.0  66.7"));
  EXPECT_THAT(text, HasSubstr("Ties 101.0: tied prompts right 100.0, their twins 100.0"));
}

}  // namespace
}  // namespace assay::client
