#include "client/eval/paired_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "client/eval/accuracy.h"

namespace assay::client {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Rows of credits 0 and 1: right in both, in A alone, in B alone, in neither.
PairedSums Table(int both, int only_a, int only_b, int neither) {
  PairedSums sums;
  for (int i = 0; i < both; ++i) sums.Add(1, 1);
  for (int i = 0; i < only_a; ++i) sums.Add(1, 0);
  for (int i = 0; i < only_b; ++i) sums.Add(0, 1);
  for (int i = 0; i < neither; ++i) sums.Add(0, 0);
  return sums;
}

TEST(PairedTestTest, TheBinomialIsExactWhereItCanBeCountedByHand) {
  EXPECT_DOUBLE_EQ(FairBinomialCdf(0, 0), 1);
  EXPECT_DOUBLE_EQ(FairBinomialCdf(-1, 3), 0);
  EXPECT_DOUBLE_EQ(FairBinomialCdf(0, 1), 0.5);
  EXPECT_NEAR(FairBinomialCdf(1, 8), 9.0 / 256, 1e-15);
  EXPECT_NEAR(FairBinomialCdf(3, 10), 176.0 / 1024, 1e-14);
  EXPECT_NEAR(FairBinomialCdf(7, 10), 968.0 / 1024, 1e-14);
}

// Exact sums: sum of C(n, i) for i <= k over 2^n, in integers, as Python's math.comb gives them;
// scipy.stats.binomtest(k, n).pvalue is twice that.
TEST(PairedTestTest, TheBinomialAgreesWithSumsOfIntegers) {
  const struct {
    int64_t k, n;
    double cdf;
  } kCases[] = {
      {2, 9, 0.08984375},
      {40, 100, 0.028443966820490395},
      {450, 1000, 0.0008652680424881588},
      {86, 236, 1.857968069785721e-05},
      {1200, 2985, 3.9538724413936496e-27},
      {4900, 10000, 0.023292763852473693},
  };
  for (const auto& c : kCases) {
    EXPECT_NEAR(FairBinomialCdf(c.k, c.n) / c.cdf, 1, 1e-9) << c.k << " of " << c.n;
  }
}

TEST(PairedTestTest, BothTailsOfTheBinomialMakeOne) {
  for (const int64_t n : {1, 2, 7, 50, 1001}) {
    for (int64_t k = 0; k < n; k += 1 + n / 20) {
      EXPECT_NEAR(FairBinomialCdf(k, n) + FairBinomialCdf(n - k - 1, n), 1, 1e-12)
          << k << " of " << n;
    }
  }
}

// Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013): airway
// hyper-responsiveness before and after stem cell transplantation, 7 against 1: exact conditional
// p = 0.0703.
TEST(PairedTestTest, McNemarsTestGivesThePublishedP) {
  EXPECT_NEAR(TwoSidedP(1, 7), 0.0703125, 1e-12);
  EXPECT_NEAR(TwoSidedP(7, 1), 0.0703125, 1e-12);
  EXPECT_NEAR(WorseP(7, 1), 9.0 / 256, 1e-12);
  EXPECT_NEAR(WorseP(1, 7), 255.0 / 256, 1e-12);
}

TEST(PairedTestTest, WhereNothingOrNothingOneSidedDiffersPIsOne) {
  EXPECT_EQ(TwoSidedP(0, 0), 1);
  EXPECT_EQ(WorseP(0, 0), 1);
  EXPECT_EQ(TwoSidedP(4, 4), 1);
  EXPECT_EQ(TwoSidedP(5000, 5000), 1);
}

TEST(PairedTestTest, PFallsAsTheSplitGrowsMoreUneven) {
  for (int64_t only_b = 10; only_b > 0; --only_b) {
    EXPECT_LT(TwoSidedP(11, only_b - 1), TwoSidedP(11, only_b));
    EXPECT_LT(WorseP(11, only_b - 1), WorseP(11, only_b));
  }
}

// Source: Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014), 2850-2875: the same data,
// of first - second -0.286, Newcombe's interval -0.507 to -0.026. Here it is B - A: A is the second.
TEST(PairedTestTest, TheIntervalIsThePublishedOne) {
  const DifferenceInterval bentur = NewcombeInterval(Table(1, 7, 1, 12));
  EXPECT_NEAR(bentur.low, -0.507, 5e-4);
  EXPECT_NEAR(bentur.high, -0.026, 5e-4);
}

// The published form, by the four counts of the table: r both, s only B, t only A, u neither.
DifferenceInterval ByCounts(double r, double s, double t, double u) {
  const double n = r + s + t + u;
  const double p1 = (r + s) / n;
  const double p2 = (r + t) / n;
  const Interval first = WilsonInterval(r + s, static_cast<int64_t>(n));
  const Interval second = WilsonInterval(r + t, static_cast<int64_t>(n));
  const double product = (r + s) * (t + u) * (r + t) * (s + u);
  const double b = r * u - s * t;
  const double c = b > n / 2 ? b - n / 2 : b >= 0 ? 0 : b;
  const double phi = product == 0 ? 0 : c / std::sqrt(product);
  const auto reach = [phi](double x, double y) {
    return std::sqrt(x * x - 2 * phi * x * y + y * y);
  };
  return {p1 - p2 - reach(p1 - first.low, second.high - p2),
          p1 - p2 + reach(p2 - second.low, first.high - p1)};
}

TEST(PairedTestTest, TheIntervalIsNewcombesByTheCountsOfTheTable) {
  for (const int r : {0, 1, 14, 59, 794}) {
    for (const int s : {0, 5, 150}) {
      for (const int t : {0, 7, 86}) {
        for (const int u : {1, 22, 570}) {
          const DifferenceInterval published = ByCounts(r, s, t, u);
          const DifferenceInterval ours = NewcombeInterval(Table(r, t, s, u));
          EXPECT_NEAR(ours.low, published.low, 1e-9) << r << " " << s << " " << t << " " << u;
          EXPECT_NEAR(ours.high, published.high, 1e-9) << r << " " << s << " " << t << " " << u;
        }
      }
    }
  }
}

TEST(PairedTestTest, TheIntervalHoldsTheDifferenceAndExchangingTheModelsTurnsItRound) {
  for (const int both : {0, 3, 200}) {
    for (const int only_a : {0, 1, 40}) {
      for (const int only_b : {0, 2, 90}) {
        for (const int neither : {0, 1, 60}) {
          const PairedSums sums = Table(both, only_a, only_b, neither);
          if (sums.n == 0) continue;
          const DifferenceInterval interval = NewcombeInterval(sums);
          const double difference = (sums.b - sums.a) / static_cast<double>(sums.n);
          EXPECT_LE(interval.low, difference);
          EXPECT_GE(interval.high, difference);
          EXPECT_GE(interval.low, -1);
          EXPECT_LE(interval.high, 1);
          const DifferenceInterval turned = NewcombeInterval(Table(both, only_b, only_a, neither));
          EXPECT_NEAR(turned.low, -interval.high, 1e-12);
          EXPECT_NEAR(turned.high, -interval.low, 1e-12);
        }
      }
    }
  }
}

TEST(PairedTestTest, ModelsThatAgreeOnMostRowsHaveTheNarrowerInterval) {
  const DifferenceInterval agreeing = NewcombeInterval(Table(450, 30, 50, 470));
  const DifferenceInterval independent = NewcombeInterval(Table(235, 245, 265, 255));
  EXPECT_LT(agreeing.high - agreeing.low, 0.6 * (independent.high - independent.low));
}

TEST(PairedTestTest, EqualSharesOfCreditHaveNoCorrelationAndNoNoise) {
  PairedSums sums;
  for (int i = 0; i < 1000; ++i) sums.Add(1.0 / 3, 1.0 / 3);
  const DifferenceInterval interval = NewcombeInterval(sums);
  EXPECT_NEAR(interval.low, -interval.high, 1e-3);
  EXPECT_TRUE(std::isfinite(interval.low));
  EXPECT_EQ(sums.only_a + sums.only_b, 0);
}

TEST(PairedTestTest, NoRowsHaveEveryDifference) {
  EXPECT_EQ(NewcombeInterval({}).low, -1);
  EXPECT_EQ(NewcombeInterval({}).high, 1);
}

TEST(PairedTestTest, ASumOfOnePartHasThePartsInterval) {
  const DifferenceInterval sum = SumInterval({{1, 0.1, {-0.05, 0.3}}});
  EXPECT_NEAR(sum.low, -0.05, 1e-12);
  EXPECT_NEAR(sum.high, 0.3, 1e-12);
}

TEST(PairedTestTest, IndependentPartsAddTheirSquares) {
  const DifferenceInterval sum = SumInterval({{0.5, 0.2, {0.14, 0.26}}, {0.5, 0.0, {-0.08, 0.08}}});
  EXPECT_NEAR(sum.low, 0.1 - 0.05, 1e-12);
  EXPECT_NEAR(sum.high, 0.1 + 0.05, 1e-12);
}

// Rows right in both, in A alone, in B alone and in neither, with these chances.
PairedSums Drawn(int rows, double both, double only_a, double only_b, std::mt19937* random) {
  PairedSums sums;
  for (int i = 0; i < rows; ++i) {
    const double u = static_cast<double>((*random)()) / 4294967296.0;
    if (u < both) {
      sums.Add(1, 1);
    } else if (u < both + only_a) {
      sums.Add(1, 0);
    } else if (u < both + only_a + only_b) {
      sums.Add(0, 1);
    } else {
      sums.Add(0, 0);
    }
  }
  return sums;
}

bool Holds(const DifferenceInterval& interval, double truth) {
  return interval.low <= truth && truth <= interval.high;
}

TEST(PairedTestTest, TheIntervalHoldsTheTruthAboutAsOftenAsItSays) {
  std::mt19937 random(1);
  constexpr int kRuns = 2000;
  const struct {
    int rows;
    double both, only_a, only_b;
  } kCases[] = {{100, 0.7, 0.1, 0.05}, {447, 0.9, 0.02, 0.03}, {40, 0.4, 0.2, 0.2}};
  for (const auto& c : kCases) {
    int held = 0;
    for (int run = 0; run < kRuns; ++run) {
      const PairedSums sums = Drawn(c.rows, c.both, c.only_a, c.only_b, &random);
      if (Holds(NewcombeInterval(sums), c.only_b - c.only_a)) ++held;
    }
    RecordProperty(absl::StrCat("held_of_2000_at_", c.rows), held);
    EXPECT_GT(held, kRuns * 0.935) << c.rows;
  }
}

// RewardBench's Reasoning: math-prm's 447 rows weigh 984, each of six code subsets' 164 weigh 164.
TEST(PairedTestTest, TheIntervalOfASectionHoldsTheTruthAboutAsOftenAsItSays) {
  std::mt19937 random(2);
  constexpr int kRuns = 1000;
  int held = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<WeightedDifference> parts;
    double truth = 0;
    for (int subset = 0; subset < 7; ++subset) {
      const double weight = subset == 0 ? 0.5 : 0.5 / 6;
      const double only_a = 0.02 + 0.01 * subset;
      const PairedSums sums = Drawn(subset == 0 ? 447 : 164, 0.8, only_a, 0.04, &random);
      truth += weight * (0.04 - only_a);
      parts.push_back(
          {weight, (sums.b - sums.a) / static_cast<double>(sums.n), NewcombeInterval(sums)});
    }
    if (Holds(SumInterval(parts), truth)) ++held;
  }
  RecordProperty("held_of_1000", held);
  EXPECT_GT(held, kRuns * 0.935);
}

// How often each outcome comes of throws of a fair coin, added up throw by throw.
std::vector<double> FairOutcomes(int throws) {
  std::vector<double> chances = {1};
  for (int i = 0; i < throws; ++i) {
    chances.push_back(0);
    for (size_t k = chances.size() - 1; k > 0; --k) {
      chances[k] = (chances[k] + chances[k - 1]) / 2;
    }
    chances[0] /= 2;
  }
  return chances;
}

TEST(PairedTestTest, AModelThatIsNoWorseIsCalledWorseNoMoreOftenThanTheTestSays) {
  for (const int differing : {1, 5, 17, 100, 400}) {
    const std::vector<double> chances = FairOutcomes(differing);
    for (const double p : {0.001, 0.01, 0.05, 0.3}) {
      double worse = 0;
      double different = 0;
      for (int only_b = 0; only_b <= differing; ++only_b) {
        if (WorseP(differing - only_b, only_b) < p) worse += chances[only_b];
        if (TwoSidedP(differing - only_b, only_b) < p) different += chances[only_b];
      }
      EXPECT_LE(worse, p) << differing;
      EXPECT_LE(different, p) << differing;
      if (differing == 400) {
        EXPECT_GT(worse, p / 2);
        EXPECT_GT(different, p / 2);
      }
    }
  }
}

// Source: the worked example of "Holm-Bonferroni method", Wikipedia: 0.01, 0.04, 0.03, 0.005.
TEST(PairedTestTest, HolmsExampleComesOut) {
  EXPECT_THAT(HolmAdjusted({0.01, 0.04, 0.03, 0.005}),
              ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12), DoubleNear(0.06, 1e-12),
                          DoubleNear(0.02, 1e-12)));
}

TEST(PairedTestTest, AnAdjustedPIsNeverBelowItsOwnNorAboveOne) {
  EXPECT_THAT(HolmAdjusted({0.6, 1, 0.5}), ElementsAre(1, 1, 1));
  EXPECT_THAT(HolmAdjusted({0.2}), ElementsAre(0.2));
  EXPECT_THAT(HolmAdjusted({}), IsEmpty());
}

}  // namespace
}  // namespace assay::client
