#include "client/eval/report/calibration_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/occurrences.h"

namespace assay::client {
namespace {

using testing::CountIn;
using ::testing::HasSubstr;
using ::testing::Not;

Calibration Calibrated(int rows) {
  std::vector<double> margins;
  for (int i = 1; i <= rows; ++i) margins.push_back((i % 4 == 0 ? -0.001 : 0.001) * i);
  return Calibrate(margins);
}

TEST(CalibrationChartTest, EachBinHasADotAndExpectationsAreLinesBetweenThem) {
  for (const Layout layout : {Layout::kWide, Layout::kNarrow}) {
    const std::string chart =
        CalibrationChart(Calibrated(200), Expectation::kShown, "tenths", layout);
    // One more each in the legend.
    EXPECT_EQ(CountIn(chart, "<circle"), 11);
    EXPECT_EQ(CountIn(chart, "class=\"expected\""), 10);
    EXPECT_EQ(CountIn(chart, "class=\"fitted\""), 10);
    EXPECT_THAT(chart, HasSubstr("aria-label=\"tenths\""));
    EXPECT_THAT(chart, HasSubstr(">0.2<")) << "the last bin's largest margin is always written";
  }
}

TEST(CalibrationChartTest, WhatIsNotExpectedIsNotDrawn) {
  const std::string hidden =
      CalibrationChart(Calibrated(200), Expectation::kHidden, "", Layout::kWide);
  EXPECT_THAT(hidden, Not(HasSubstr("expected")));
  EXPECT_THAT(hidden, Not(HasSubstr("fitted")));
  const Calibration without_scale = Calibrate(std::vector<double>(100, 0.5));
  const std::string chart = CalibrationChart(without_scale, Expectation::kShown, "", Layout::kWide);
  EXPECT_THAT(chart, HasSubstr("expected"));
  EXPECT_THAT(chart, Not(HasSubstr("fitted")));
}

TEST(CalibrationChartTest, ANarrowPictureWritesFewerFiguresUnderItsBins) {
  const Calibration calibration = Calibrated(200);
  const std::string wide = CalibrationChart(calibration, Expectation::kShown, "", Layout::kWide);
  const std::string narrow =
      CalibrationChart(calibration, Expectation::kShown, "", Layout::kNarrow);
  EXPECT_THAT(wide, HasSubstr(">0.02<"));
  EXPECT_THAT(narrow, Not(HasSubstr(">0.02<")));
}

}  // namespace
}  // namespace assay::client
