#include "client/accuracy.h"

#include <algorithm>
#include <cmath>

#include "client/close_call.h"

namespace assay::client {

Interval WilsonInterval(int64_t wins, int64_t n) {
  if (n == 0) return {0, 1};
  constexpr double z = 1.959963984540054;
  const double p = static_cast<double>(wins) / static_cast<double>(n);
  const double z2_n = z * z / static_cast<double>(n);
  const double center = (p + z2_n / 2) / (1 + z2_n);
  const double half =
      z / (1 + z2_n) *
      std::sqrt(p * (1 - p) / static_cast<double>(n) + z2_n / 4 / static_cast<double>(n));
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

double Tally::accuracy() const {
  return n() == 0 ? 0 : static_cast<double>(wins) / static_cast<double>(n());
}

void Tally::Add(float chosen, float rejected) {
  if (chosen > rejected) {
    ++wins;
  } else if (chosen == rejected) {
    ++ties;
  } else {
    ++losses;
  }
}

void Tally::Add(const Tally& other) {
  wins += other.wins;
  ties += other.ties;
  losses += other.losses;
}

void AccuracySums::AddPair(const std::string& subset, const Score& chosen, const Score& rejected) {
  SubsetAccuracy& sums = SubsetNamed(subset);
  sums.score.Add(chosen.score, rejected.score);
  if (too_close_.has_value() && TooClose(chosen.score, rejected.score, *too_close_)) {
    ++sums.too_close;
  }
  for (size_t k = 0; k < objectives_; ++k)
    sums.objectives[k].Add(chosen.rewards[k], rejected.rewards[k]);
}

SubsetAccuracy AccuracySums::Total() const {
  SubsetAccuracy total = {.subset = "all pairs", .objectives = std::vector<Tally>(objectives_)};
  for (const SubsetAccuracy& sums : subsets_) {
    total.score.Add(sums.score);
    for (size_t k = 0; k < objectives_; ++k) total.objectives[k].Add(sums.objectives[k]);
    total.errors += sums.errors;
    total.too_close += sums.too_close;
  }
  return total;
}

SubsetAccuracy& AccuracySums::SubsetNamed(const std::string& subset) {
  const auto [it, added] = index_.emplace(subset, subsets_.size());
  if (added) subsets_.push_back({.subset = subset, .objectives = std::vector<Tally>(objectives_)});
  return subsets_[it->second];
}

}  // namespace assay::client
