#include "client/eval/report/objective_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/eval_rows.h"
#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using testing::SampleReport;

std::string Objectives(const SampleReport& report) {
  return ObjectiveSection(Summarize(report.finished, report.options), report.finished.rows).html;
}

TEST(ObjectiveSectionTest, WithoutObjectivesOrScoredRowsThereIsNone) {
  EXPECT_EQ(Objectives(testing::ScalarReport()), "");
  SampleReport report = testing::ErrorsReport();
  report.finished.run.objectives = {"a"};
  EXPECT_EQ(Objectives(report), "");
}

TEST(ObjectiveSectionTest, EveryObjectiveIsInPicturesAndTables) {
  const SampleReport report = testing::ObjectivesReport();
  const std::string html = Objectives(report);
  for (const std::string& name : report.finished.run.objectives)
    EXPECT_THAT(html, HasSubstr("<th scope=\"row\">" + name + "</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">the score</th>"));
}

TEST(ObjectiveSectionTest, FiguresAreThoseOfTheRows) {
  SampleReport report = testing::EmptyReport();
  report.finished.run = testing::RunOf(2);
  using testing::RowWith;
  using testing::ScoreOf;
  report.finished.rows = {RowWith("a", 0, {ScoreOf(2, {4, 0})}, {ScoreOf(0, {0, 0})}),
                          RowWith("a", 1, {ScoreOf(0, {0, 1})}, {ScoreOf(1, {3, 0})})};
  const std::string html = Objectives(report);
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">objective-0</th><td class=\"n\">+2</td><td "
                              "class=\"n\">−1.5</td><td class=\"n\">1 (100.0 %)</td><td "
                              "class=\"n\">1 (100.0 %)</td>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">objective-0</th><td class=\"n\">50.0 %</td>"));
}

TEST(ObjectiveSectionTest, MeansOverNoRowsAreNoZeros) {
  SampleReport report = testing::EmptyReport();
  report.finished.run = testing::RunOf(1);
  report.finished.rows = {
      testing::RowWith("a", 0, {testing::ScoreOf(2, {4})}, {testing::ScoreOf(0, {0})})};
  EXPECT_THAT(Objectives(report),
              HasSubstr("<th scope=\"row\">objective-0</th><td class=\"n\">+2</td><td "
                        "class=\"n\">–</td>"));
}

}  // namespace
}  // namespace assay::client
