#include "model/score_error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace assay {

ErrorFigures MeasureErrors(absl::Span<const double> found, absl::Span<const double> reference) {
  if (found.empty()) return {};
  std::vector<double> errors(found.size());
  double squares = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    errors[i] = std::fabs(found[i] - reference[i]);
    squares += errors[i] * errors[i];
  }
  std::sort(errors.begin(), errors.end());
  // ceil(0.99 n) in whole numbers.
  const size_t rank = (errors.size() * 99 + 99) / 100;
  return {.n = static_cast<int64_t>(errors.size()),
          .largest = errors.back(),
          .percentile_99 = errors[rank - 1],
          // Rounding must not lift it over the largest.
          .rms = std::min(errors.back(), std::sqrt(squares / static_cast<double>(errors.size())))};
}

std::vector<double> MarginsOf(absl::Span<const float> scores,
                              absl::Span<const int64_t> group_sizes) {
  std::vector<double> margins;
  size_t first = 0;
  for (const int64_t size : group_sizes) {
    for (int64_t i = 1; i < size; ++i) {
      margins.push_back(static_cast<double>(scores[first]) - scores[first + i]);
    }
    first += size;
  }
  return margins;
}

ScoreError CompareScores(absl::Span<const float> found, absl::Span<const float> reference,
                         absl::Span<const int64_t> group_sizes) {
  return {
      .score = MeasureErrors(std::vector<double>(found.begin(), found.end()),
                             std::vector<double>(reference.begin(), reference.end())),
      .margin = MeasureErrors(MarginsOf(found, group_sizes), MarginsOf(reference, group_sizes))};
}

}  // namespace assay
