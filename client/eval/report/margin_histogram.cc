#include "client/eval/report/margin_histogram.h"

#include <algorithm>
#include <cmath>

#include "client/eval/report/svg.h"

namespace assay::client {
namespace {

constexpr size_t kMostPerSide = 16;

}  // namespace

MarginBins ChooseBins(const std::vector<double>& margins) {
  std::vector<double> sizes;
  for (const double margin : margins) {
    if (margin != 0) sizes.push_back(std::fabs(margin));
  }
  if (sizes.empty()) return {};
  std::sort(sizes.begin(), sizes.end());
  const double reach = sizes[(sizes.size() - 1) * 99 / 100];
  const double width = NiceStep(reach / kMostPerSide);
  const auto per_side = static_cast<size_t>(std::ceil(reach / width - 1e-9));
  return {.width = width, .per_side = std::clamp(per_side, size_t{1}, kMostPerSide)};
}

int64_t MarginHistogram::largest_bin() const {
  int64_t largest = 0;
  for (const int64_t n : wins) largest = std::max(largest, n);
  for (const int64_t n : losses) largest = std::max(largest, n);
  return largest;
}

MarginHistogram CountMargins(const std::vector<double>& margins, const MarginBins& bins) {
  MarginHistogram histogram = {.bins = bins,
                               .wins = std::vector<int64_t>(bins.per_side),
                               .losses = std::vector<int64_t>(bins.per_side)};
  for (const double margin : margins) {
    if (margin == 0) {
      ++histogram.ties;
      continue;
    }
    // An edge belongs to the bin that is nearer to 0.
    const double position = std::max(0.0, std::ceil(std::fabs(margin) / bins.width) - 1);
    const bool is_beyond = position >= static_cast<double>(bins.per_side);
    const size_t bin = is_beyond ? bins.per_side - 1 : static_cast<size_t>(position);
    if (is_beyond) ++histogram.beyond;
    ++(margin > 0 ? histogram.wins : histogram.losses)[bin];
  }
  return histogram;
}

std::vector<double> MarginsOf(const std::vector<EvalRow>& rows, const std::string& subset) {
  std::vector<double> margins;
  for (const EvalRow& row : rows) {
    if (!row.error.ok() || (!subset.empty() && row.comparison.subset != subset)) continue;
    margins.push_back(MarginOf(row));
  }
  return margins;
}

}  // namespace assay::client
