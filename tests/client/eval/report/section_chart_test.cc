#include "client/eval/report/section_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/client/eval/report/occurrences.h"

namespace assay::client {
namespace {

using testing::CountIn;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SectionChartTest, EachModelHasAMarkForEachSectionThatItHas) {
  const std::vector<SectionSeries> series = {{"mine", {0.9, std::nullopt}}, {"other", {0.8, 0.7}}};
  for (const Layout layout : {Layout::kWide, Layout::kNarrow}) {
    const std::string chart = SectionChart({"Chat", "Safety"}, series, "two", layout);
    // One more each in the legend.
    EXPECT_EQ(CountIn(chart, "class=\"mark one"), 2);
    EXPECT_EQ(CountIn(chart, "class=\"mark other"), 3);
    for (const char* text : {">Chat<", ">Safety<", ">mine<", ">other<", ">90.0<"})
      EXPECT_THAT(chart, HasSubstr(text));
  }
}

TEST(SectionChartTest, AnAbsentSectionIsAbsentAndNotZero) {
  const std::string chart =
      SectionChart({"Chat", "Safety"}, {{"mine", {0.9, std::nullopt}}}, "", Layout::kWide);
  EXPECT_THAT(chart, HasSubstr(">absent<"));
  EXPECT_THAT(chart, Not(HasSubstr(">0.0<")));
  EXPECT_THAT(chart, Not(HasSubstr(">0<"))) << "the axis does not reach down to 0";
}

TEST(SectionChartTest, TheAxisHoldsAScoreBeyondOneHundred) {
  const std::string chart = SectionChart({"Ties"}, {{"mine", {1.01}}}, "", Layout::kNarrow);
  EXPECT_THAT(chart, HasSubstr(">101.0<"));
  EXPECT_THAT(chart, HasSubstr("translate(326.0 "));  // The plot's right end.
}

}  // namespace
}  // namespace assay::client
