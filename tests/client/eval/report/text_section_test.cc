#include "client/eval/report/text_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/eval/report/html_text.h"
#include "tests/client/eval/eval_rows.h"
#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PairWith;
using testing::SampleReport;

std::string Texts(const SampleReport& report) {
  return TextSection(Summarize(report.finished, report.options), report.finished.rows).html;
}

SampleReport WithRows(std::vector<EvalRow> rows) {
  SampleReport report = testing::EmptyReport();
  report.finished.rows = std::move(rows);
  return report;
}

TEST(TextSectionTest, TheTwentyWorstAreThereTheWorstFirstAndClosed) {
  std::vector<EvalRow> rows;
  for (int i = 0; i < 30; ++i) rows.push_back(PairWith("s", "id-" + std::to_string(i), 0, i));
  const std::string html = Texts(WithRows(rows));
  EXPECT_THAT(
      html, AllOf(HasSubstr("Of 29 rows"), HasSubstr("the 20 with the widest margin"),
                  HasSubstr(">id-10<"), Not(HasSubstr(">id-9<")),
                  HasSubstr("Texts can be offensive or harmful"), Not(HasSubstr("<details open"))));
  EXPECT_LT(html.find(">id-29<"), html.find(">id-28<"));
}

TEST(TextSectionTest, NoErrorIsSaidToBeNone) {
  EXPECT_THAT(Texts(WithRows({PairWith("s", 0, 1, 0)})),
              HasSubstr("No row has a rejected response above a chosen one."));
  EXPECT_EQ(Texts(testing::ErrorsReport()), "");
}

TEST(TextSectionTest, ARowHasItsTextsWholeAndItsScores) {
  EvalRow row = PairWith("s", 7, 0.25F, 1.5F);
  row.comparison.prompt = {{"system", "first turn"}, {"assistant", "second"}, {"user", "last one"}};
  row.comparison.chosen = {"the chosen"};
  row.comparison.rejected = {std::string(100'000, 'w')};
  row.rejected[0].truncated_tokens = 12;
  const std::string html = Texts(WithRows({row}));
  EXPECT_THAT(
      html,
      AllOf(HasSubstr("<details><summary>2 earlier turns</summary>"), HasSubstr(">first turn<"),
            HasSubstr("Turn 2, assistant"), HasSubstr(">last one<"), HasSubstr(">the chosen<"),
            HasSubstr(std::string(100'000, 'w')), HasSubstr("<strong>0.25</strong>"),
            HasSubstr("<strong>1.5</strong>, scored without 12 tokens"), HasSubstr(">−1.25<")));
}

TEST(TextSectionTest, OfSeveralResponsesThePairThatDecidesIsShown) {
  const std::string html = Texts(WithRows(
      {testing::RowWith("s", 0, {testing::ScoreOf(3), testing::ScoreOf(1)},
                        {testing::ScoreOf(0), testing::ScoreOf(2), testing::ScoreOf(1)})}));
  EXPECT_THAT(html, AllOf(HasSubstr("Chosen, 2 of 2"), HasSubstr(">c1<"), Not(HasSubstr(">c0<")),
                          HasSubstr("Rejected, 2 of 3"), HasSubstr(">r1<"),
                          HasSubstr("Of several responses, the pair that decides is shown")));
}

TEST(TextSectionTest, TheObjectivesThatDidMostAreNamed) {
  SampleReport report = WithRows({testing::RowWith("s", 0, {testing::ScoreOf(0, {0, 3, 0, 0, 0})},
                                                   {testing::ScoreOf(5, {2, 0, 8, 4, 6})})});
  report.finished.run = testing::RunOf(5);
  EXPECT_THAT(Texts(report), HasSubstr("Did most to turn it: objective-2 −4, objective-4 −3, "
                                       "objective-3 −2."));
}

TEST(TextSectionTest, TextsCanNotLeaveTheirBoxes) {
  const std::string html = Texts(testing::HostileReport());
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<details open")),
                          Not(HasSubstr("<!--")), Not(HasSubstr("\x1b")), HasSubstr("dir=\"auto\""),
                          HasSubstr("&lt;script&gt;document.title = &#39;taken&#39;")));
}

}  // namespace
}  // namespace assay::client
