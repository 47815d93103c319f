#include "client/eval/report/share_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/occurrences.h"

namespace assay::client {
namespace {

using testing::CountIn;
using ::testing::HasSubstr;

TEST(ShareChartTest, EachObjectiveHasABarForRightRowsAndAHatchedOneForWrongRows) {
  for (const Layout layout : {Layout::kWide, Layout::kNarrow}) {
    const std::string chart =
        ShareChart({{"code-style", 0.2, -0.1}, {"honesty", -0.05, 0.1}}, "two", layout);
    // One more each in the legend.
    EXPECT_EQ(CountIn(chart, "class=\"win\""), 3);
    EXPECT_EQ(CountIn(chart, "class=\"loss\""), 3);
    EXPECT_THAT(chart, HasSubstr(">code-style<"));
    EXPECT_THAT(chart, HasSubstr(">honesty<"));
    EXPECT_THAT(chart, HasSubstr("aria-label=\"two\""));
  }
}

TEST(ShareChartTest, BarsLieOnTheirSideOfZeroAndAreAsLongAsTheirValue) {
  // 8 + 4 to 316: 0 lies in the middle.
  const std::string chart = ShareChart({{"a", 1, -1}}, "", Layout::kNarrow);
  EXPECT_THAT(chart, HasSubstr("<rect x=\"164.0\" y=\"60.0\" width=\"152.0\""));
  EXPECT_THAT(chart, HasSubstr("<rect x=\"12.0\" y=\"71.0\" width=\"152.0\""));
}

TEST(ShareChartTest, NothingButZerosIsStillAPicture) {
  const std::string chart = ShareChart({{"a", 0, 0}}, "", Layout::kWide);
  EXPECT_THAT(chart, HasSubstr(">a<"));
  EXPECT_EQ(CountIn(chart, "nan"), 0);
}

}  // namespace
}  // namespace assay::client
