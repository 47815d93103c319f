#include "client/eval/rewardbench2.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace assay::client {
namespace {

// The weights of the five parts.
constexpr double kAccuracyWeight = 0.30;
constexpr double kPreferredWeight = 0.20;
constexpr double kMarginWeight = 0.01;

struct Spread {
  double spread;  // max - min of the correct ones.
  double gap;     // min of the correct ones - max of the incorrect ones.
};

Spread SpreadOf(const TiesRow& row) {
  const auto [low, high] = std::minmax_element(row.correct.begin(), row.correct.end());
  return {.spread = *high - *low,
          .gap = *low - *std::max_element(row.incorrect.begin(), row.incorrect.end())};
}

// tanh(gap / spread - 1), where 0 / 0 counts 0 and x / 0 is infinite.
double MarginPart(double gap, double spread) {
  if (spread != 0) return std::tanh(gap / spread - 1);
  if (gap == 0) return 0;
  return gap > 0 ? 1 : -1;
}

struct Twins {
  std::optional<Spread> ref;
  std::optional<Spread> tied;
};

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

absl::StatusOr<TiesScore> ScoreTies(const std::vector<TiesRow>& rows) {
  std::map<int64_t, Twins> prompts;
  for (const TiesRow& row : rows) {
    absl::string_view number = row.id;
    const bool is_ref = absl::ConsumePrefix(&number, "ref:");
    int64_t n = 0;
    if ((!is_ref && !absl::ConsumePrefix(&number, "tied:")) || !absl::SimpleAtoi(number, &n)) {
      return absl::InvalidArgumentError(
          absl::StrCat("id \"", row.id, "\" is neither ref:NUMBER nor tied:NUMBER"));
    }
    std::optional<Spread>& place = is_ref ? prompts[n].ref : prompts[n].tied;
    if (place.has_value())
      return absl::InvalidArgumentError(absl::StrCat("id \"", row.id, "\" is there twice"));
    place = SpreadOf(row);
  }

  int64_t refs = 0;
  int64_t refs_right = 0;
  int64_t tied = 0;
  int64_t tied_right = 0;
  int64_t both = 0;
  int64_t preferred = 0;
  int64_t preferred_hard = 0;
  double margins = 0;
  for (const auto& [n, twins] : prompts) {
    if (twins.ref.has_value()) {
      ++refs;
      if (twins.ref->gap > 0) ++refs_right;
    }
    if (!twins.tied.has_value()) continue;
    ++tied;
    if (twins.tied->gap > 0) ++tied_right;
    if (!twins.ref.has_value()) continue;
    ++both;
    const double hard = std::min(twins.ref->gap, twins.tied->gap);
    if (twins.tied->gap > twins.tied->spread) ++preferred;
    if (hard > twins.tied->spread) ++preferred_hard;
    margins += MarginPart(hard, twins.tied->spread);
  }
  TiesScore score = {.tied_accuracy = Share(tied_right, tied),
                     .ref_accuracy = Share(refs_right, refs),
                     .preferred = Share(preferred, both),
                     .preferred_hard = Share(preferred_hard, both),
                     .margin = both == 0 ? 0 : margins / static_cast<double>(both)};
  score.score = kAccuracyWeight * (score.tied_accuracy + score.ref_accuracy) +
                kPreferredWeight * (score.preferred + score.preferred_hard) +
                kMarginWeight * score.margin;
  return score;
}

}  // namespace assay::client
