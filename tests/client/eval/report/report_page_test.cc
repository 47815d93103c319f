#include "client/eval/report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleReport;
using ::testing::StartsWith;

TEST(ReportPageTest, EqualRowsMakeEqualBytes) {
  for (const SampleReport& report : testing::AllSampleReports())
    EXPECT_EQ(report.Render(), report.Render()) << report.name;
}

TEST(ReportPageTest, EveryPageIsOneDocumentInUtf8WithoutScriptOrNumbersThatAreNone) {
  for (const SampleReport& report : testing::AllSampleReports()) {
    const std::string page = report.Render();
    EXPECT_THAT(page, StartsWith("<!DOCTYPE html>\n<html lang=\"en\">")) << report.name;
    EXPECT_EQ(FindInvalidUtf8(page), std::string::npos) << report.name;
    for (const char* never : {"<script", "http://", "https://", "=\"nan", "=\"inf", "=\"-nan"})
      EXPECT_THAT(page, Not(HasSubstr(never))) << report.name;
  }
}

TEST(ReportPageTest, ThePageForbidsItselfNetworkAndScript) {
  EXPECT_THAT(testing::EmptyReport().Render(),
              HasSubstr("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                        "'none'; style-src 'unsafe-inline'\">"));
}

TEST(ReportPageTest, ContentsNameThePartsThatAreThereInTheirOrder) {
  const std::string page = testing::ObjectivesReport().Render();
  size_t last = 0;
  for (const char* id : {"accuracy", "margins", "calibration", "objectives", "worst", "close"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<a href=\"#") + id + "\">"));
    const size_t at = page.find(std::string("<section id=\"") + id);
    ASSERT_NE(at, std::string::npos) << id;
    EXPECT_GT(at, last);
    last = at;
  }
  EXPECT_THAT(page, AllOf(Not(HasSubstr("id=\"benchmark\"")), Not(HasSubstr("id=\"errors\""))));
}

TEST(ReportPageTest, ARunOfErrorsHasNothingButItsErrors) {
  EXPECT_THAT(testing::ErrorsReport().Render(),
              AllOf(HasSubstr("id=\"errors\""), HasSubstr("id=\"accuracy\""),
                    Not(HasSubstr("id=\"margins\"")), Not(HasSubstr("id=\"benchmark\""))));
}

TEST(ReportPageTest, TheFootSaysWhatItWasMadeOfAndHowToMakeItAgain) {
  EXPECT_THAT(testing::ScalarReport().Render(),
              AllOf(HasSubstr("Made from 242 rows of made-up.jsonl"),
                    HasSubstr("assay eval --from DIR --report report.html")));
}

TEST(ReportPageTest, NamesOfModelAndDataAreTexts) {
  EXPECT_THAT(testing::HostileReport().Render(),
              AllOf(HasSubstr("<h1>&lt;script&gt;alert(&#39;model&#39;)"), Not(HasSubstr("<img")),
                    Not(HasSubstr("\" onload="))));
}

}  // namespace
}  // namespace assay::client
