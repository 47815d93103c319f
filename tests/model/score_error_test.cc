#include "model/score_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// 1, 2, .. n, the largest first.
std::vector<double> CountDown(int n) {
  std::vector<double> numbers;
  for (int i = n; i >= 1; --i) numbers.push_back(i);
  return numbers;
}

ErrorFigures ErrorsOf(const std::vector<double>& errors) {
  return MeasureErrors(errors, std::vector<double>(errors.size(), 0));
}

TEST(ScoreErrorTest, FiguresAreOfAbsoluteDifferencesWhateverTheirSign) {
  const ErrorFigures figures = MeasureErrors({1.0, -2.0, 0.5, 7.0}, {1.5, -2.0, -1.5, 7.0});
  EXPECT_EQ(figures.n, 4);
  EXPECT_EQ(figures.largest, 2);
  EXPECT_DOUBLE_EQ(figures.rms, std::sqrt((0.25 + 4) / 4));
}

TEST(ScoreErrorTest, ThePercentileIsTheSmallestErrorThat99Of100DoNotExceed) {
  for (const int n : {100, 101, 199, 200, 250, 1000}) {
    const double percentile = ErrorsOf(CountDown(n)).percentile_99;
    EXPECT_GE(percentile / n, 0.99) << n;  // Of the errors 1..n, `percentile` many are no larger.
    EXPECT_LT((percentile - 1) / n, 0.99) << n;  // One less would not do.
  }
}

TEST(ScoreErrorTest, FewNumbersPromiseNoMoreThanTheirLargestError) {
  for (const int n : {1, 2, 50, 99}) {
    EXPECT_EQ(ErrorsOf(CountDown(n)).percentile_99, n);
  }
  EXPECT_EQ(ErrorsOf(CountDown(100)).percentile_99, 99);
}

TEST(ScoreErrorTest, NoNumbersHaveNoFigures) {
  const ErrorFigures figures = MeasureErrors({}, {});
  EXPECT_EQ(figures.n, 0);
  EXPECT_EQ(figures.largest, 0);
  EXPECT_EQ(figures.percentile_99, 0);
  EXPECT_EQ(figures.rms, 0);
}

TEST(ScoreErrorTest, EqualNumbersHaveNoError) {
  const ErrorFigures figures = MeasureErrors({3, -3}, {3, -3});
  EXPECT_EQ(figures.n, 2);
  EXPECT_EQ(figures.largest, 0);
  EXPECT_EQ(figures.rms, 0);
}

TEST(ScoreErrorTest, MarginsAreOfTheFirstResponseOverEachOther) {
  EXPECT_THAT(MarginsOf({5, 3, 1, 9, 10}, {3, 2}), ElementsAre(2, 4, -1));
  EXPECT_THAT(MarginsOf({5, 3}, {1, 1}), IsEmpty());
  EXPECT_THAT(MarginsOf({}, {}), IsEmpty());
}

// Where both scores of a pair err the same way the verdict is safe; a score's error alone does not tell.
TEST(ScoreErrorTest, AMarginsErrorIsItsOwnAndNotTheScores) {
  const ScoreError same = CompareScores({2, 1}, {1, 0}, {2});
  EXPECT_EQ(same.score.largest, 1);
  EXPECT_EQ(same.margin.largest, 0);
  const ScoreError opposite = CompareScores({2, -1}, {1, 0}, {2});
  EXPECT_EQ(opposite.score.largest, 1);
  EXPECT_EQ(opposite.margin.largest, 2);
  EXPECT_EQ(opposite.score.n, 2);
  EXPECT_EQ(opposite.margin.n, 1);
}

}  // namespace
}  // namespace assay
