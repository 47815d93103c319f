#include "client/eval/report/histogram_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/occurrences.h"

namespace assay::client {
namespace {

using testing::CountIn;
using ::testing::HasSubstr;
using ::testing::Not;

MarginHistogram Histogram() {
  return CountMargins({0.05, 0.15, 0.15, -0.05, 0}, {.width = 0.1, .per_side = 2});
}

TEST(HistogramChartTest, EveryBinThatIsNotEmptyHasABarOnItsSideOfZero) {
  for (const Layout layout : {Layout::kWide, Layout::kNarrow}) {
    const std::string chart = HistogramChart(Histogram(), std::nullopt, "five", layout);
    EXPECT_EQ(CountIn(chart, "class=\"win\""), 2);
    EXPECT_EQ(CountIn(chart, "class=\"loss\""), 1);
    EXPECT_THAT(chart, HasSubstr("aria-label=\"five\""));
    EXPECT_THAT(chart, HasSubstr(">← wrong<"));
    EXPECT_THAT(chart, HasSubstr(">right →<"));
  }
}

TEST(HistogramChartTest, TheBandIsThereOnlyWhereSomethingIsTooClose) {
  EXPECT_THAT(HistogramChart(Histogram(), 0.02, "", Layout::kWide), HasSubstr("class=\"band\""));
  EXPECT_EQ(CountIn(HistogramChart(Histogram(), 0.02, "", Layout::kWide), "class=\"edge\""), 2);
  for (const std::optional<double> none : {std::optional<double>(), std::optional<double>(0.0)})
    EXPECT_THAT(HistogramChart(Histogram(), none, "", Layout::kWide),
                Not(HasSubstr("class=\"band\"")));
}

TEST(HistogramChartTest, ABandWiderThanTheAxisEndsWithIt) {
  EXPECT_EQ(HistogramChart(Histogram(), 100, "", Layout::kWide),
            HistogramChart(Histogram(), 0.2, "", Layout::kWide));
}

TEST(HistogramChartTest, CountsHaveWholeTicks) {
  const std::string chart = HistogramChart(Histogram(), std::nullopt, "", Layout::kWide);
  EXPECT_THAT(chart, HasSubstr(">2<"));
  EXPECT_THAT(chart, Not(HasSubstr(">0.5<")));
}

TEST(HistogramChartTest, ASmallOneSaysItsCounts) {
  const std::string chart = SmallHistogram(Histogram(), 0.02, "small");
  EXPECT_THAT(chart, HasSubstr(">1 wrong<"));
  EXPECT_THAT(chart, HasSubstr(">3 right<"));
  EXPECT_THAT(chart, HasSubstr("class=\"band\""));
}

}  // namespace
}  // namespace assay::client
