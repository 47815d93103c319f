#include "client/eval/report/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Margins of sizes 1..count, of which each `every`-th is wrong.
std::vector<double> Margins(int count, int every) {
  std::vector<double> margins;
  for (int i = 1; i <= count; ++i) margins.push_back(i % every == 0 ? -i : i);
  return margins;
}

TEST(CalibrationTest, BinsAreTenthsBySizeWithoutSign) {
  const Calibration calibration = Calibrate(Margins(100, 5));
  ASSERT_EQ(calibration.bins.size(), 10U);
  EXPECT_EQ(calibration.bins[0].smallest, 1);
  EXPECT_EQ(calibration.bins[0].largest, 10);
  EXPECT_EQ(calibration.bins[9].smallest, 91);
  for (const CalibrationBin& bin : calibration.bins) {
    EXPECT_EQ(bin.n, 10);
    EXPECT_EQ(bin.right, 8);
  }
  EXPECT_EQ(calibration.n, 100);
  EXPECT_EQ(calibration.wrong, 20);
  EXPECT_DOUBLE_EQ(calibration.right, 0.8);
}

TEST(CalibrationTest, EveryRowIsInOneBinWhateverTheirNumber) {
  for (const int count : {20, 21, 57, 99, 101, 1234}) {
    int64_t n = 0;
    for (const CalibrationBin& bin : Calibrate(Margins(count, 3)).bins) {
      EXPECT_GE(bin.n, 10);
      n += bin.n;
    }
    EXPECT_EQ(n, count);
  }
}

TEST(CalibrationTest, WithFewerThanTwentyRowsThereAreNoBins) {
  EXPECT_TRUE(Calibrate({}).bins.empty());
  EXPECT_TRUE(Calibrate(Margins(19, 3)).bins.empty());
  EXPECT_EQ(Calibrate(Margins(20, 3)).bins.size(), 2U);
}

TEST(CalibrationTest, ATieIsNotRightAndNotWrong) {
  const Calibration calibration = Calibrate(std::vector<double>(30, 0.0));
  EXPECT_EQ(calibration.right, 0);
  EXPECT_EQ(calibration.wrong, 0);
  EXPECT_DOUBLE_EQ(calibration.expected, 0.5);
}

TEST(CalibrationTest, ExpectationsAreMeansOfTheSigmoid) {
  std::vector<double> margins(20, std::log(3));  // sigmoid(log 3) = 3/4.
  margins[0] = -margins[0];
  const Calibration calibration = Calibrate(margins);
  EXPECT_NEAR(calibration.expected, 0.75, 1e-12);
  EXPECT_NEAR(calibration.bins[0].expected, 0.75, 1e-12);
}

// With margins of one size m, the likeliest s is the one for which sigmoid(m / s) is the share that
// is right.
TEST(CalibrationTest, TheFittedScaleGivesBackTheShareOfMarginsOfOneSize) {
  std::vector<double> margins(100, 0.02);
  for (int i = 0; i < 20; ++i) margins[i] = -0.02;
  const Calibration calibration = Calibrate(margins);
  ASSERT_TRUE(calibration.scale.has_value());
  EXPECT_NEAR(*calibration.scale, 0.02 / std::log(4), 1e-12);
  for (const CalibrationBin& bin : calibration.bins) EXPECT_NEAR(*bin.fitted, 0.8, 1e-9);
}

// The derivative of the log likelihood is 0 there, by definition of a maximum.
TEST(CalibrationTest, NoOtherScaleMakesTheVerdictsLikelier) {
  const std::vector<double> margins = {0.1, 0.4, -0.05, 0.9, -0.3, 0.7, 1.4, 0.02};
  const auto likelihood = [&margins](double scale) {
    double sum = 0;
    for (const double margin : margins) sum -= std::log1p(std::exp(-margin / scale));
    return sum;
  };
  const double scale = *Calibrate(margins).scale;
  EXPECT_GT(likelihood(scale), likelihood(scale * 1.01));
  EXPECT_GT(likelihood(scale), likelihood(scale / 1.01));
}

TEST(CalibrationTest, ThereIsNoScaleWhereNothingIsWrongOrWrongOnesWeighAsMuch) {
  EXPECT_FALSE(Calibrate(std::vector<double>(30, 0.5)).scale.has_value());
  EXPECT_FALSE(Calibrate(Margins(40, 1)).scale.has_value());
  EXPECT_FALSE(Calibrate({}).scale.has_value());
}

TEST(CalibrationTest, TheSentenceSaysWhatIsSeen) {
  std::vector<double> margins;
  for (int i = 0; i < 10; ++i) margins.push_back(i % 2 == 0 ? 0.05 : -0.05);
  for (int i = 0; i < 10; ++i) margins.push_back(i == 0 ? -0.9 : 0.9);
  EXPECT_THAT(DescribeCalibration(Calibrate(margins), Expectation::kShown),
              HasSubstr("Margins of 0.9 and more are right 90.0 % of the time; those up to 0.05, "
                        "50.0 %. Read as log odds"));
  EXPECT_THAT(DescribeCalibration(Calibrate(margins), Expectation::kShown),
              HasSubstr("divides each margin by "));
  EXPECT_THAT(DescribeCalibration(Calibrate(margins), Expectation::kHidden),
              Not(HasSubstr("log odds")));
  EXPECT_THAT(DescribeCalibration(Calibrate(Margins(20, 100)), Expectation::kShown),
              HasSubstr("No margin is wrong"));
  EXPECT_THAT(DescribeCalibration(Calibrate(Margins(20, 1)), Expectation::kShown),
              HasSubstr("Wrong margins weigh as much as right ones"));
}

}  // namespace
}  // namespace assay::client
