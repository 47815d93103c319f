#include "client/eval/report/interval_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/occurrences.h"

namespace assay::client {
namespace {

using testing::CountIn;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<IntervalMark> kMarks = {
    {.group = "Chat", .label = "easy", .value = 0.9, .interval = {0.8, 0.95}},
    {.group = "Chat", .label = "hard", .value = 0.55, .interval = {0.5, 0.6}},
    {.group = "Safety", .label = "refuse", .value = 0.75, .interval = {0.7, 0.8}}};

TEST(IntervalChartTest, EveryMarkHasADotAWhiskerALabelAndItsFigure) {
  for (const Layout layout : {Layout::kWide, Layout::kNarrow}) {
    const std::string chart = IntervalChart(kMarks, ChanceLine::kNone, "three", layout);
    EXPECT_EQ(CountIn(chart, "<circle"), 3);
    EXPECT_EQ(CountIn(chart, "class=\"one\"/>"), 9) << "whiskers have two ends and a line";
    for (const char* text : {">easy<", ">hard<", ">refuse<", ">90.0 %<", ">55.0 %<", ">75.0 %<"})
      EXPECT_THAT(chart, HasSubstr(text));
    EXPECT_THAT(chart, HasSubstr("aria-label=\"three\""));
  }
}

TEST(IntervalChartTest, AGroupIsNamedOnceAndNamelessOnesAreNot) {
  const std::string chart = IntervalChart(kMarks, ChanceLine::kNone, "", Layout::kWide);
  EXPECT_EQ(CountIn(chart, ">Chat<"), 1);
  EXPECT_EQ(CountIn(chart, ">Safety<"), 1);
  const std::string plain = IntervalChart({{.label = "a", .value = 1, .interval = {0.9, 1}}},
                                          ChanceLine::kNone, "", Layout::kWide);
  EXPECT_THAT(plain, Not(HasSubstr("><text></text>")));
}

TEST(IntervalChartTest, TheLineAtHalfIsThereWhereAsked) {
  EXPECT_THAT(IntervalChart(kMarks, ChanceLine::kHalf, "", Layout::kWide),
              HasSubstr("class=\"chance\""));
  EXPECT_THAT(IntervalChart(kMarks, ChanceLine::kNone, "", Layout::kWide),
              Not(HasSubstr("class=\"chance\"")));
}

TEST(IntervalChartTest, TheAxisReachesBelowEveryWhisker) {
  const std::string chart = IntervalChart({{.label = "a", .value = 0.2, .interval = {0.05, 0.4}}},
                                          ChanceLine::kHalf, "", Layout::kWide);
  EXPECT_THAT(chart, HasSubstr(">0 %<"));
  EXPECT_THAT(chart, HasSubstr(">100 %<"));
}

}  // namespace
}  // namespace assay::client
