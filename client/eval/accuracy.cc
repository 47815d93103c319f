#include "client/eval/accuracy.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "client/eval/close_call.h"

namespace assay::client {
namespace {

std::vector<float> ScoresOf(const std::vector<Score>& side) {
  std::vector<float> values;
  for (const Score& score : side) values.push_back(score.score);
  return values;
}

std::vector<float> RewardsOf(const std::vector<Score>& side, size_t objective) {
  std::vector<float> values;
  for (const Score& score : side) values.push_back(score.rewards[objective]);
  return values;
}

float Lowest(const std::vector<float>& values) {
  return *std::min_element(values.begin(), values.end());
}

float Highest(const std::vector<float>& values) {
  return *std::max_element(values.begin(), values.end());
}

// One subset on its way.
struct Sums {
  SubsetAccuracy subset;
  bool is_mixed = false;  // Rows of several metrics.
  StyleAccuracy styles;   // Sums over rows.
  bool all_ties_ids = true;
  std::vector<TiesRow> ties;
};

// Mean over one kind of pair of a row's matrix.
double StyleShare(const EvalRow& row, const AccuracyOptions& options, int kind) {
  const size_t n = row.chosen.size();
  double credit = 0;
  int64_t pairs = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      if ((i < j ? -1 : i == j ? 0 : 1) != kind) continue;
      // Not the coins of Credit()'s matrix, whose pairs are counted from another origin.
      credit += Credit(Metric::kAllAbove, options.ties, CoinOf(row.comparison) + i * n + j,
                       {row.chosen[i].score}, {row.rejected[j].score});
      ++pairs;
    }
  }
  return pairs == 0 ? 0 : credit / static_cast<double>(pairs);
}

Metric MetricFor(const EvalRow& row, const AccuracyOptions& options) {
  const Metric metric = options.metric.value_or(MetricOf(row.comparison));
  if (metric == Metric::kMatrix && row.chosen.size() != row.rejected.size())
    return Metric::kAllAbove;
  return metric;
}

void AddRow(const EvalRow& row, const AccuracyOptions& options, Sums* sums) {
  SubsetAccuracy& subset = sums->subset;
  const Metric metric = MetricFor(row, options);
  if (subset.score.n() == 0) subset.metric = metric;
  if (subset.metric != metric) sums->is_mixed = true;
  const uint64_t coin = CoinOf(row.comparison);
  const auto add = [&](const std::vector<float>& chosen, const std::vector<float>& rejected,
                       Tally* tally) {
    tally->Add(Credit(metric, options.ties, coin, chosen, rejected), Lowest(chosen),
               Highest(rejected));
  };
  const std::vector<float> chosen = ScoresOf(row.chosen);
  const std::vector<float> rejected = ScoresOf(row.rejected);
  add(chosen, rejected, &subset.score);
  for (size_t k = 0; k < options.objectives; ++k)
    add(RewardsOf(row.chosen, k), RewardsOf(row.rejected, k), &subset.objectives[k]);
  if (options.too_close.has_value() &&
      TooClose(Lowest(chosen), Highest(rejected), *options.too_close)) {
    ++subset.too_close;
  }
  if (metric == Metric::kMatrix) {
    sums->styles.hard += StyleShare(row, options, -1);
    sums->styles.normal += StyleShare(row, options, 0);
    sums->styles.easy += StyleShare(row, options, 1);
  }
  sums->all_ties_ids = sums->all_ties_ids && IsTiesId(row.comparison.id);
  if (sums->all_ties_ids) {
    sums->ties.push_back({.id = row.comparison.id.get<std::string>(),
                          .correct = {chosen.begin(), chosen.end()},
                          .incorrect = {rejected.begin(), rejected.end()}});
  }
}

SubsetAccuracy Finish(Sums sums) {
  SubsetAccuracy& subset = sums.subset;
  const auto n = static_cast<double>(subset.score.n());
  if (sums.is_mixed) subset.metric.reset();
  if (subset.metric == Metric::kMatrix) {
    subset.styles = {.hard = sums.styles.hard / n,
                     .normal = sums.styles.normal / n,
                     .easy = sums.styles.easy / n};
  }
  if (sums.all_ties_ids && !sums.ties.empty()) {
    // Ids that are there twice make no Ties subset: its rows count one by one.
    if (absl::StatusOr<TiesScore> ties = ScoreTies(sums.ties); ties.ok()) subset.ties = *ties;
  }
  return std::move(subset);
}

}  // namespace

Interval WilsonInterval(double credit, int64_t n) {
  if (n == 0) return {0, 1};
  constexpr double z = 1.959963984540054;
  const double p = credit / static_cast<double>(n);
  const double z2_n = z * z / static_cast<double>(n);
  const double center = (p + z2_n / 2) / (1 + z2_n);
  const double half =
      z / (1 + z2_n) *
      std::sqrt(p * (1 - p) / static_cast<double>(n) + z2_n / 4 / static_cast<double>(n));
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

double Tally::accuracy() const { return n() == 0 ? 0 : credit / static_cast<double>(n()); }

void Tally::Add(double credit_of_row, float lowest_chosen, float highest_rejected) {
  credit += credit_of_row;
  if (lowest_chosen > highest_rejected) {
    ++wins;
  } else if (lowest_chosen == highest_rejected) {
    ++ties;
  } else {
    ++losses;
  }
}

void Tally::Add(const Tally& other) {
  credit += other.credit;
  wins += other.wins;
  ties += other.ties;
  losses += other.losses;
}

std::vector<SubsetAccuracy> SubsetAccuracies(const std::vector<EvalRow>& rows,
                                             const AccuracyOptions& options) {
  std::vector<Sums> all;
  std::map<std::string, size_t> index;
  for (const EvalRow& row : rows) {
    const std::string& name = row.comparison.subset;
    const auto [it, is_new] = index.emplace(name, all.size());
    if (is_new) {
      all.push_back(
          {.subset = {.subset = name, .objectives = std::vector<Tally>(options.objectives)}});
    }
    Sums& sums = all[it->second];
    if (row.error.ok()) {
      AddRow(row, options, &sums);
    } else {
      ++sums.subset.errors;
    }
  }
  std::vector<SubsetAccuracy> subsets;
  for (Sums& sums : all) subsets.push_back(Finish(std::move(sums)));
  return subsets;
}

SubsetAccuracy TotalAccuracy(const std::vector<SubsetAccuracy>& subsets) {
  SubsetAccuracy total = {.subset = "all rows"};
  for (const SubsetAccuracy& sums : subsets) {
    total.score.Add(sums.score);
    total.objectives.resize(sums.objectives.size());
    for (size_t k = 0; k < sums.objectives.size(); ++k) total.objectives[k].Add(sums.objectives[k]);
    total.errors += sums.errors;
    total.too_close += sums.too_close;
  }
  if (!subsets.empty()) total.metric = subsets.front().metric;
  for (const SubsetAccuracy& sums : subsets) {
    if (sums.metric != total.metric) total.metric.reset();
  }
  return total;
}

}  // namespace assay::client
