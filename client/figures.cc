#include "client/figures.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace assay::client {

std::string Count(int64_t value) {
  std::string digits = absl::StrCat(value);
  const int64_t first = value < 0 ? 1 : 0;
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > first; at -= 3)
    digits.insert(at, ",");
  return digits;
}

std::string CountOf(int64_t value, const std::string& noun) {
  return absl::StrCat(Count(value), " ", noun, value == 1 ? "" : "s");
}

std::string Rate(int64_t count, absl::Duration elapsed) {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (seconds <= 0) return "0";
  const double rate = static_cast<double>(count) / seconds;
  return rate < 99.95 ? absl::StrFormat("%.1f", rate) : Count(std::llround(rate));
}

std::string Span(absl::Duration duration) {
  const double exact = std::max(0.0, absl::ToDoubleSeconds(duration));
  if (exact < 9.95) return absl::StrFormat("%.1f s", exact);
  const int64_t seconds = std::llround(exact);
  if (seconds < 60) return absl::StrFormat("%d s", seconds);
  if (seconds < 3600) return absl::StrFormat("%d min %02d s", seconds / 60, seconds % 60);
  return absl::StrFormat("%s h %02d min", Count(seconds / 3600), seconds / 60 % 60);
}

std::string Percent(double proportion) { return absl::StrFormat("%.1f", proportion * 100); }

std::string Rounded(double value) { return absl::StrFormat("%.3g", value); }

}  // namespace assay::client
