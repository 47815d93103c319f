#include "client/eval/report/margin_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleReport;

std::string Margins(const SampleReport& report) {
  return MarginSection(Summarize(report.finished, report.options), report.finished.rows).html;
}

std::string Believed(const SampleReport& report) {
  return CalibrationSection(report.finished.rows).html;
}

TEST(MarginSectionTest, WhereNoRowWasScoredThereIsNone) {
  for (const SampleReport& report : {testing::ErrorsReport(), testing::EmptyReport()}) {
    EXPECT_EQ(Margins(report), "");
    EXPECT_EQ(Believed(report), "");
  }
}

TEST(MarginSectionTest, EachSubsetHasASmallHistogram) {
  EXPECT_THAT(Margins(testing::ScalarReport()),
              AllOf(HasSubstr("<bdi>factual</bdi>"), HasSubstr("<bdi>helpful</bdi>"),
                    HasSubstr("1 row with a margin of exactly 0 is not drawn"),
                    HasSubstr("Shaded: too close to call, within 0.01 of 0")));
}

TEST(MarginSectionTest, ManySubsetsAreShownBySection) {
  EXPECT_THAT(Margins(testing::RewardBenchReport()),
              AllOf(HasSubstr("<bdi>Chat Hard</bdi>"), HasSubstr("<bdi>Reasoning</bdi>"),
                    Not(HasSubstr("<bdi>hep-cpp</bdi>")), Not(HasSubstr("Prior Sets")),
                    Not(HasSubstr("Shaded"))));
}

TEST(MarginSectionTest, OneSubsetNeedsNoSmallHistogram) {
  EXPECT_THAT(Margins(testing::OneRowReport()), Not(HasSubstr("multiples")));
}

TEST(CalibrationSectionTest, TooFewRowsAreSaidToBeTooFew) {
  EXPECT_THAT(Believed(testing::OneRowReport()),
              AllOf(HasSubstr("too few rows to tell: 1;"), Not(HasSubstr("<svg"))));
}

TEST(CalibrationSectionTest, PairsAreBesideWhatIsExpectedOfThem) {
  EXPECT_THAT(Believed(testing::ScalarReport()),
              AllOf(HasSubstr("<p class=\"lead\">Margins of "), HasSubstr(">Expected</th>"),
                    HasSubstr(">Fitted</th>")));
}

TEST(CalibrationSectionTest, NothingIsExpectedOfRowsWithSeveralResponses) {
  EXPECT_THAT(Believed(testing::MatrixReport()),
              AllOf(Not(HasSubstr(">Expected</th>")), HasSubstr("no reading as log odds holds"),
                    HasSubstr("every chosen response above every rejected one")));
}

}  // namespace
}  // namespace assay::client
