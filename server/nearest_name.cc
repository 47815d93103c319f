#include "server/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace assay {
namespace {

// Levenshtein's distance, a row at a time.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(absl::string_view name, absl::Span<const std::string> names) {
  std::string nearest;
  size_t best = name.size() / 4 + 1;
  for (const std::string& candidate : names) {
    // A long name is not worth the work: it cannot be near.
    if (name.size() > candidate.size() + best) continue;
    const size_t distance = Distance(name, candidate);
    if (distance >= best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace assay
