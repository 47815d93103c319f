#include "client/eval/report/accuracy_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/eval_rows.h"
#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleReport;

PageSection Section(const SampleReport& report) {
  return AccuracySection(Summarize(report.finished, report.options), report.finished.rows);
}

TEST(AccuracySectionTest, EachSubsetHasItsCountsAndAllRowsComeLast) {
  SampleReport report = testing::EmptyReport();
  report.options.too_close = 0.1;
  report.finished.rows = {testing::PairWith("a", 0, 2, 1), testing::PairWith("a", 1, 1, 1),
                          testing::PairWith("b", 2, 1, 2), testing::ErrorRow("b", 3)};
  EXPECT_THAT(
      Section(report).html,
      AllOf(HasSubstr("<th scope=\"row\">a</th><td class=\"n\">2</td><td class=\"n\">50.0 %</td>"
                      "<td class=\"n\">9.5 – 90.5 %</td><td class=\"n\">1</td><td "
                      "class=\"n\">1</td><td class=\"n\">0</td>"),
            HasSubstr("<th scope=\"row\">all rows</th><td class=\"n\">3</td>"),
            HasSubstr("<strong class=\"bad\">1</strong>")));
}

TEST(AccuracySectionTest, WhatWasNotLookedAtForCloseCallsIsNotZero) {
  SampleReport report = testing::OneRowReport();
  EXPECT_THAT(Section(report).html, HasSubstr("<td class=\"n\">0</td><td class=\"n\">–</td>"));
}

TEST(AccuracySectionTest, ASubsetWithoutAScoredRowIsInTheTableAlone) {
  const std::string html = Section(testing::ErrorsReport()).html;
  EXPECT_THAT(html, AllOf(HasSubstr("<th scope=\"row\">own</th>"), HasSubstr("<td class=\"n\">–"),
                          Not(HasSubstr("<svg")), Not(HasSubstr("Measure"))));
  EXPECT_EQ(Section(testing::EmptyReport()).html, "");
}

TEST(AccuracySectionTest, RewardBenchsSubsetsAreBySection) {
  const std::string html = Section(testing::PartialRewardBenchReport()).html;
  EXPECT_LT(html.find(">llmbar-natural<"), html.find(">hep-cpp<")) << "Chat Hard before Reasoning";
  EXPECT_THAT(html, AllOf(HasSubstr(">Section</th>"), HasSubstr(">other<")));
}

TEST(AccuracySectionTest, TheLineAtHalfIsForPairsAlone) {
  EXPECT_THAT(Section(testing::ScalarReport()).html, HasSubstr("class=\"chance\""));
  const std::string html = Section(testing::MatrixReport()).html;
  EXPECT_THAT(html, Not(HasSubstr("class=\"chance\"")));
  EXPECT_THAT(html, AllOf(HasSubstr(">Hard</th>"), HasSubstr(">Normal</th>"),
                          HasSubstr(">Easy</th>"), HasSubstr(">matrix</td>")));
}

TEST(AccuracySectionTest, TiesAccuracyIsToldFromItsScore) {
  EXPECT_THAT(Section(testing::RewardBench2Report()).html,
              HasSubstr("The accuracy of Ties is how often"));
}

}  // namespace
}  // namespace assay::client
