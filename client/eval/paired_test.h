// client/eval/paired_test.h
// Whether two models that scored the same rows differ in accuracy by more than chance: an exact test,
// an interval for the difference, and the adjustment of many tests. Pure functions over sums.
#ifndef ASSAY_CLIENT_EVAL_PAIRED_TEST_H_
#define ASSAY_CLIENT_EVAL_PAIRED_TEST_H_

#include <cstdint>
#include <vector>

namespace assay::client {

// Sums over rows that A and B both have, of the credit that each gives: 0..1, most often 0 or 1.
struct PairedSums {
  int64_t n = 0;
  double a = 0;  // Of A's credit; A's accuracy is a / n.
  double b = 0;
  double a_squared = 0;
  double b_squared = 0;
  double a_times_b = 0;
  // Rows on which the one has more credit than the other.
  int64_t only_a = 0;
  int64_t only_b = 0;

  void Add(double credit_a, double credit_b);
};

// P(X <= k) of a binomial X of n throws of a fair coin. k -1..n; relative error below 1e-8 up to a
// million throws.
double FairBinomialCdf(int64_t k, int64_t n);

// The exact McNemar test: how likely rows that differ would split at least as unevenly as they do if
// each were as likely to be A's as B's. 1 where none differs. With credits of 0 and 1 these are the
// discordant pairs; with shares of credit it is the sign test. Source: Q. McNemar, Psychometrika 12
// (1947); twice the smaller tail, at most 1.
double TwoSidedP(int64_t only_a, int64_t only_b);
// Its half in the one direction: how likely A would have at least so many of the rows that differ.
// Small where B is worse.
double WorseP(int64_t only_a, int64_t only_b);

// A range for a difference of accuracies, B's - A's, -1..1.
struct DifferenceInterval {
  double low = -1;
  double high = 1;
};

// Of (b - a) / n at 95 %; -1..1 for n = 0. Wilson's intervals of A and B squared and added, less what
// their correlation takes away. Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 2635-2650,
// method 10, with its corrected correlation. Shares of credit put their own variances and covariance
// into the correlation; as Wilson's intervals are wider than need be for them, so is this.
DifferenceInterval NewcombeInterval(const PairedSums& sums);

// A difference that is one part of a weighted sum.
struct WeightedDifference {
  double weight = 0;  // >= 0.
  double difference = 0;
  DifferenceInterval interval = {};
};

// The interval of the sum of weight x difference over independent parts, at the parts' level. Of one
// part of weight 1 it is its own. Source: G. Y. Zou, W. Huang and X. Zhang, Computational Statistics
// and Data Analysis 53 (2009), 1080-1085 (the method of variance estimates recovery).
DifferenceInterval SumInterval(const std::vector<WeightedDifference>& parts);

// The p values of as many tests, each raised so that calling all below x significant errs anywhere
// with a probability of at most x. In the order given. Source: S. Holm, Scandinavian Journal of
// Statistics 6 (1979), 65-70.
std::vector<double> HolmAdjusted(const std::vector<double>& p);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_PAIRED_TEST_H_
