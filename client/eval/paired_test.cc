#include "client/eval/paired_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "client/eval/accuracy.h"

namespace assay::client {
namespace {

// Newcombe's correction: a positive covariance is taken nearer to 0 by half a row, not beyond.
double CorrectedCorrelation(const PairedSums& sums) {
  const auto n = static_cast<double>(sums.n);
  const double mean_a = sums.a / n;
  const double mean_b = sums.b / n;
  const double variance_a = sums.a_squared / n - mean_a * mean_a;
  const double variance_b = sums.b_squared / n - mean_b * mean_b;
  // Below, all of a side's credits are equal but for what rounding left.
  constexpr double kNoVariance = 1e-12;
  if (variance_a < kNoVariance || variance_b < kNoVariance) return 0;
  double covariance = sums.a_times_b / n - mean_a * mean_b;
  if (covariance > 0) covariance = std::max(0.0, covariance - 0.5 / n);
  return std::clamp(covariance / std::sqrt(variance_a * variance_b), -1.0, 1.0);
}

}  // namespace

void PairedSums::Add(double credit_a, double credit_b) {
  ++n;
  a += credit_a;
  b += credit_b;
  a_squared += credit_a * credit_a;
  b_squared += credit_b * credit_b;
  a_times_b += credit_a * credit_b;
  if (credit_a > credit_b) ++only_a;
  if (credit_a < credit_b) ++only_b;
}

double FairBinomialCdf(int64_t k, int64_t n) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  // The shorter tail is summed: its terms fall from the largest on.
  if (k >= n - k) return 1 - FairBinomialCdf(n - k - 1, n);
  const double log_largest =
      std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
      std::lgamma(static_cast<double>(n - k) + 1) - static_cast<double>(n) * std::log(2.0);
  double ratio_to_largest = 1;
  double sum = 1;
  for (int64_t i = k; i > 0 && ratio_to_largest > sum * 1e-17; --i) {
    ratio_to_largest *= static_cast<double>(i) / static_cast<double>(n - i + 1);
    sum += ratio_to_largest;
  }
  return std::exp(log_largest) * sum;
}

double TwoSidedP(int64_t only_a, int64_t only_b) {
  return std::min(1.0, 2 * FairBinomialCdf(std::min(only_a, only_b), only_a + only_b));
}

double WorseP(int64_t only_a, int64_t only_b) { return FairBinomialCdf(only_b, only_a + only_b); }

DifferenceInterval NewcombeInterval(const PairedSums& sums) {
  if (sums.n == 0) return {};
  const double p_a = sums.a / static_cast<double>(sums.n);
  const double p_b = sums.b / static_cast<double>(sums.n);
  const Interval a = WilsonInterval(sums.a, sums.n);
  const Interval b = WilsonInterval(sums.b, sums.n);
  const double correlation = CorrectedCorrelation(sums);
  const auto reach = [correlation](double of_one, double of_other) {
    return std::sqrt(
        std::max(0.0, of_one * of_one - 2 * correlation * of_one * of_other + of_other * of_other));
  };
  const double difference = p_b - p_a;
  return {std::max(-1.0, difference - reach(p_b - b.low, a.high - p_a)),
          std::min(1.0, difference + reach(b.high - p_b, p_a - a.low))};
}

DifferenceInterval SumInterval(const std::vector<WeightedDifference>& parts) {
  double difference = 0;
  double below = 0;
  double above = 0;
  for (const WeightedDifference& part : parts) {
    difference += part.weight * part.difference;
    below += std::pow(part.weight * (part.difference - part.interval.low), 2);
    above += std::pow(part.weight * (part.interval.high - part.difference), 2);
  }
  return {difference - std::sqrt(below), difference + std::sqrt(above)};
}

std::vector<double> HolmAdjusted(const std::vector<double>& p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&p](size_t i, size_t j) { return p[i] < p[j]; });
  std::vector<double> adjusted(p.size());
  double so_far = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const auto left = static_cast<double>(order.size() - rank);
    so_far = std::max(so_far, std::min(1.0, left * p[order[rank]]));
    adjusted[order[rank]] = so_far;
  }
  return adjusted;
}

}  // namespace assay::client
