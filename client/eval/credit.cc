#include "client/eval/credit.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/hash.h"

namespace assay::client {
namespace {

// Of one pair; `which` tells the pairs of a row apart.
double PairCredit(const TieRule& ties, uint64_t coin, uint64_t which, float chosen,
                  float rejected) {
  if (chosen != rejected) return chosen > rejected ? 1 : 0;
  switch (ties.kind) {
    case TieRule::Kind::kLoss:
      return 0;
    case TieRule::Kind::kHalf:
      return 0.5;
    case TieRule::Kind::kCoin:
      return static_cast<double>(SplitMix64(coin ^ SplitMix64(ties.seed) ^ SplitMix64(which)) >>
                                 63);
  }
  return 0;
}

double BestOfNCredit(const std::vector<float>& chosen, const std::vector<float>& rejected) {
  const float top = std::max(*std::max_element(chosen.begin(), chosen.end()),
                             *std::max_element(rejected.begin(), rejected.end()));
  const auto right = static_cast<double>(std::count(chosen.begin(), chosen.end(), top));
  const auto wrong = static_cast<double>(std::count(rejected.begin(), rejected.end(), top));
  return right / (right + wrong);
}

}  // namespace

absl::StatusOr<TieRule> ParseTieRule(const std::string& text) {
  if (text == "loss") return TieRule{};
  if (text == "half") return TieRule{.kind = TieRule::Kind::kHalf};
  absl::string_view seed = text;
  TieRule rule = {.kind = TieRule::Kind::kCoin};
  if (absl::ConsumePrefix(&seed, "coin:") && absl::SimpleAtoi(seed, &rule.seed)) return rule;
  return absl::InvalidArgumentError("expected loss, half or coin:SEED with a whole number as SEED");
}

std::string TieRuleName(const TieRule& rule) {
  switch (rule.kind) {
    case TieRule::Kind::kLoss:
      return "loss";
    case TieRule::Kind::kHalf:
      return "half";
    case TieRule::Kind::kCoin:
      return absl::StrCat("coin:", rule.seed);
  }
  return "";
}

bool IsTiesId(const Json& id) {
  if (!id.is_string()) return false;
  const std::string text = id.get<std::string>();
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "ref:") && !absl::ConsumePrefix(&rest, "tied:")) return false;
  return !rest.empty() && rest.find_first_not_of("0123456789") == absl::string_view::npos;
}

Metric MetricOf(const Comparison& comparison) {
  const size_t chosen = comparison.chosen.size();
  const size_t rejected = comparison.rejected.size();
  if (IsTiesId(comparison.id) || (chosen == 1 && rejected == 1)) return Metric::kAllAbove;
  if (chosen == 1) return Metric::kBestOfN;
  return chosen == rejected ? Metric::kMatrix : Metric::kAllAbove;
}

std::string MetricName(Metric metric) {
  switch (metric) {
    case Metric::kAllAbove:
      return "all-above";
    case Metric::kBestOfN:
      return "best-of-n";
    case Metric::kMatrix:
      return "matrix";
  }
  return "";
}

uint64_t CoinOf(const Comparison& comparison) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a.
  for (const std::string& text : {comparison.subset, comparison.id.dump()}) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
    hash *= 0x100000001b3u;
  }
  return hash;
}

double Credit(Metric metric, const TieRule& ties, uint64_t coin, const std::vector<float>& chosen,
              const std::vector<float>& rejected) {
  if (metric == Metric::kBestOfN) return BestOfNCredit(chosen, rejected);
  if (metric == Metric::kAllAbove) {
    return PairCredit(ties, coin, 0, *std::min_element(chosen.begin(), chosen.end()),
                      *std::max_element(rejected.begin(), rejected.end()));
  }
  double credit = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    for (size_t j = 0; j < rejected.size(); ++j)
      credit += PairCredit(ties, coin, i * rejected.size() + j, chosen[i], rejected[j]);
  }
  return credit / static_cast<double>(chosen.size() * rejected.size());
}

}  // namespace assay::client
