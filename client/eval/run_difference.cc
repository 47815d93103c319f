#include "client/eval/run_difference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "base/status_macros.h"
#include "client/eval/benchmark.h"
#include "client/eval/close_call.h"
#include "client/eval/credit.h"

namespace assay::client {
namespace {

// As SubsetAccuracies() counts the row.
double CreditOf(const EvalRow& row, const SummaryOptions& options) {
  std::vector<float> chosen;
  std::vector<float> rejected;
  for (const Score& score : row.chosen) chosen.push_back(score.score);
  for (const Score& score : row.rejected) rejected.push_back(score.score);
  Metric metric = options.metric.value_or(MetricOf(row.comparison));
  if (metric == Metric::kMatrix && chosen.size() != rejected.size()) metric = Metric::kAllAbove;
  return Credit(metric, options.ties, CoinOf(row.comparison), chosen, rejected);
}

void Test(const PairedSums& sums, AccuracyDifference* difference) {
  difference->rows = sums.n;
  difference->only_a = sums.only_a;
  difference->only_b = sums.only_b;
  difference->p = TwoSidedP(sums.only_a, sums.only_b);
  difference->p_worse = WorseP(sums.only_a, sums.only_b);
}

AccuracyDifference OfRows(const SubsetAccuracy& a, const SubsetAccuracy& b,
                          const PairedSums& sums) {
  AccuracyDifference difference = {.name = a.subset, .a = a.value(), .b = b.value()};
  if (!a.ties.has_value()) difference.interval = NewcombeInterval(sums);
  Test(sums, &difference);
  return difference;
}

PairedSums Joined(const std::vector<PairedSums>& parts) {
  PairedSums sum;
  for (const PairedSums& part : parts) {
    sum.n += part.n;
    sum.a += part.a;
    sum.b += part.b;
    sum.a_squared += part.a_squared;
    sum.b_squared += part.b_squared;
    sum.a_times_b += part.a_times_b;
    sum.only_a += part.only_a;
    sum.only_b += part.only_b;
  }
  return sum;
}

// A benchmark's scores are sums of weight x accuracy over its subsets, so that the weight of one is
// what the benchmark scores when it alone scores 1.
std::optional<BenchmarkScore> WeightsOf(const std::vector<AccuracyDifference>& subsets,
                                        size_t alone, Weighting weighting) {
  std::vector<SubsetScore> scores;
  for (size_t i = 0; i < subsets.size(); ++i) {
    scores.push_back({subsets[i].name, i == alone ? 1.0 : 0.0, subsets[i].rows});
  }
  return ScoreBenchmark(scores, weighting);
}

// The difference of a weighted sum over subsets; a weight of 0 means no part.
AccuracyDifference OfSum(const std::string& name, double a, double b,
                         const std::vector<double>& weights,
                         const std::vector<AccuracyDifference>& subsets,
                         const std::vector<PairedSums>& sums) {
  AccuracyDifference difference = {.name = name, .a = a, .b = b};
  std::vector<PairedSums> rows;
  std::vector<WeightedDifference> parts;
  bool has_interval = true;
  for (size_t i = 0; i < subsets.size(); ++i) {
    if (weights[i] == 0) continue;
    rows.push_back(sums[i]);
    has_interval = has_interval && subsets[i].interval.has_value();
    parts.push_back(
        {weights[i], subsets[i].difference(), subsets[i].interval.value_or(DifferenceInterval())});
  }
  if (has_interval) difference.interval = SumInterval(parts);
  Test(Joined(rows), &difference);
  return difference;
}

void AddBenchmark(const std::vector<PairedSums>& sums, RunDifference* result) {
  const std::optional<BenchmarkScore>& a = result->a.benchmark;
  const std::optional<BenchmarkScore>& b = result->b.benchmark;
  if (!a.has_value() || !b.has_value()) return;
  std::vector<BenchmarkScore> weights;
  for (size_t i = 0; i < result->subsets.size(); ++i) {
    weights.push_back(*WeightsOf(result->subsets, i, result->a.options.weighting));
  }
  const auto weights_of = [&weights](const auto& score_in) {
    std::vector<double> of_subset;
    for (const BenchmarkScore& weight : weights) of_subset.push_back(score_in(weight));
    return of_subset;
  };
  for (size_t k = 0; k < a->sections.size(); ++k) {
    if (!a->sections[k].score.has_value()) continue;
    result->sections.push_back(OfSum(a->sections[k].section, *a->sections[k].score,
                                     *b->sections[k].score,
                                     weights_of([k](const BenchmarkScore& weight) {
                                       return weight.sections[k].score.value_or(0);
                                     }),
                                     result->subsets, sums));
  }
  result->benchmark = OfSum(a->benchmark, a->score, b->score,
                            weights_of([](const BenchmarkScore& weight) { return weight.score; }),
                            result->subsets, sums);
}

std::optional<bool> IsTooClose(const EvalRow& row, const std::optional<CloseCall>& call) {
  if (!call.has_value()) return std::nullopt;
  const HardestPair pair = HardestPairOf(row);
  return TooClose(row.chosen[pair.chosen].score, row.rejected[pair.rejected].score, call->margin);
}

ScoreDifferences DifferencesOf(const std::vector<EvalRow>& a, const std::vector<EvalRow>& b) {
  ScoreDifferences result;
  std::vector<double> differences;
  const auto add = [&](const std::vector<Score>& of_a, const std::vector<Score>& of_b) {
    for (size_t i = 0; i < of_a.size(); ++i) {
      const float x = of_a[i].score;
      const float y = of_b[i].score;
      if (std::memcmp(&x, &y, sizeof(x)) != 0) ++result.not_bit_equal;
      differences.push_back(std::fabs(static_cast<double>(x) - static_cast<double>(y)));
    }
  };
  for (size_t i = 0; i < a.size(); ++i) {
    add(a[i].chosen, b[i].chosen);
    add(a[i].rejected, b[i].rejected);
  }
  std::sort(differences.begin(), differences.end());
  result.n = static_cast<int64_t>(differences.size());
  result.largest = differences.back();
  result.percentile_99 = differences[(differences.size() * 99 + 99) / 100 - 1];
  return result;
}

}  // namespace

absl::StatusOr<RunDifference> CompareRuns(FinishedRun a, FinishedRun b,
                                          const CompareOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(RowMatch match, MatchRows(std::move(a.rows), std::move(b.rows)));
  a.rows = std::move(match.a);
  b.rows = std::move(match.b);
  RunDifference result = {.a = Summarize(a, options.summary),
                          .b = Summarize(b, options.summary),
                          .only_a = std::move(match.only_a),
                          .only_b = std::move(match.only_b),
                          .with_errors = match.with_errors,
                          .errors_a = match.errors_a,
                          .errors_b = match.errors_b};

  std::map<std::string, size_t> place;
  for (size_t i = 0; i < result.a.subsets.size(); ++i) place[result.a.subsets[i].subset] = i;
  std::vector<PairedSums> sums(place.size());
  for (size_t i = 0; i < a.rows.size(); ++i) {
    const double credit_a = CreditOf(a.rows[i], options.summary);
    const double credit_b = CreditOf(b.rows[i], options.summary);
    const Comparison& comparison = a.rows[i].comparison;
    sums[place[comparison.subset]].Add(credit_a, credit_b);
    if (credit_a == credit_b) continue;
    result.flips.push_back({.subset = comparison.subset,
                            .id = comparison.id,
                            .credit_a = credit_a,
                            .credit_b = credit_b,
                            .margin_a = MarginOf(a.rows[i]),
                            .margin_b = MarginOf(b.rows[i]),
                            .too_close_a = IsTooClose(a.rows[i], result.a.close_call),
                            .too_close_b = IsTooClose(b.rows[i], result.b.close_call)});
  }
  std::stable_sort(result.flips.begin(), result.flips.end(), [](const Flip& x, const Flip& y) {
    return std::fabs(x.margin_a - x.margin_b) > std::fabs(y.margin_a - y.margin_b);
  });

  std::vector<double> p;
  for (size_t i = 0; i < sums.size(); ++i) {
    result.subsets.push_back(OfRows(result.a.subsets[i], result.b.subsets[i], sums[i]));
    p.push_back(result.subsets.back().p);
  }
  const std::vector<double> adjusted = HolmAdjusted(p);
  for (size_t i = 0; i < adjusted.size(); ++i) result.subsets[i].p_holm = adjusted[i];
  result.total = OfRows(result.a.total, result.b.total, Joined(sums));
  AddBenchmark(sums, &result);
  if (a.run.model.revision == b.run.model.revision ||
      options.scores == CompareOptions::Scores::kAlways) {
    result.scores = DifferencesOf(a.rows, b.rows);
  }
  return result;
}

std::vector<std::string> WorseIn(const RunDifference& difference, double p) {
  std::vector<std::string> names;
  if (difference.total.p_worse < p) names.push_back(difference.total.name);
  for (const AccuracyDifference& section : difference.sections) {
    if (section.p_worse < p) names.push_back(section.name);
  }
  return names;
}

}  // namespace assay::client
