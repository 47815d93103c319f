#include "client/eval/report/row_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/eval_rows.h"
#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PairWith;
using testing::SampleReport;

std::string Close(const SampleReport& report) {
  return CloseCallSection(Summarize(report.finished, report.options), report.finished.rows).html;
}

TEST(RowSectionsTest, CloseCallsAreCountedAndTheMarginIsSomebodys) {
  SampleReport report = testing::EmptyReport();
  report.options.too_close = 0.5;
  report.finished.rows = {PairWith("a", "x", 1, 0.75F), PairWith("a", "y", 0, 4),
                          PairWith("a", "z", 2, 2)};
  EXPECT_THAT(Close(report),
              AllOf(HasSubstr("2 rows of 3 are too close to call"),
                    HasSubstr("margins below 0.5, as --too-close says."),
                    HasSubstr("<bdi>x</bdi></th><td><bdi>a</bdi></td><td class=\"n\">+0.25</td>"
                              "<td>right</td><td>yes</td>"),
                    HasSubstr("−4</td><td>wrong</td><td>no</td>"),
                    HasSubstr(">0</td><td>tie</td><td>yes</td>")));
}

TEST(RowSectionsTest, WithoutAMarginNoneIsCalledClose) {
  SampleReport report = testing::OneRowReport();
  EXPECT_THAT(Close(report),
              AllOf(HasSubstr("Too close to call: not counted"), HasSubstr("The row nearest to 0"),
                    Not(HasSubstr("Too close</th>")), Not(HasSubstr("<td>no</td>"))));
  EXPECT_EQ(Close(testing::ErrorsReport()), "");
}

TEST(RowSectionsTest, TheTwentyNearestRowsAreThere) {
  SampleReport report = testing::EmptyReport();
  for (int i = 1; i <= 25; ++i)
    report.finished.rows.push_back(PairWith("a", "id-" + std::to_string(i), i, 0));
  EXPECT_THAT(Close(report), AllOf(HasSubstr("The 20 rows nearest to 0"), HasSubstr(">id-20<"),
                                   Not(HasSubstr(">id-21<"))));
}

TEST(RowSectionsTest, ErrorsAreListedAndTheRestIsCounted) {
  const std::string html = ErrorSection(testing::ErrorsReport().finished.rows).html;
  EXPECT_THAT(html, AllOf(HasSubstr("<strong class=\"bad\">30 rows</strong>"),
                          HasSubstr("<code>UNAVAILABLE</code>"),
                          HasSubstr("no &lt;b&gt;route&lt;/b&gt; to host"), HasSubstr(">19<"),
                          Not(HasSubstr(">20<")), HasSubstr("And 10 more.")));
  EXPECT_EQ(ErrorSection(testing::OneRowReport().finished.rows).html, "");
  EXPECT_THAT(ErrorSection({testing::ErrorRow("a", 0)}).html, Not(HasSubstr("more.")));
}

}  // namespace
}  // namespace assay::client
