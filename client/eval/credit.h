// client/eval/credit.h
// How far a row is right: 1 for a row that is, 0 for one that is not, and between where the measure
// knows shares. Pure functions over scores (or over one objective's rewards).
#ifndef ASSAY_CLIENT_EVAL_CREDIT_H_
#define ASSAY_CLIENT_EVAL_CREDIT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/eval/comparison.h"

namespace assay::client {

enum class Metric {
  // Every chosen response strictly above every rejected one. Of one against one it is RewardBench's
  // and everyone's accuracy of pairs.
  kAllAbove,
  // The share that chosen responses have in the highest score: 1 where one of them is alone at the
  // top, 1/k for one that shares it with k - 1 rejected ones, 0 below. Source: RewardBench 2,
  // scripts/run_v2.py. Knows no rule for ties.
  kBestOfN,
  // n chosen and n rejected responses in the same n styles: the share of all n x n pairs that are
  // right. Source: RM-Bench (n = 3).
  kMatrix,
};

// What a pair of equal scores is worth under kAllAbove and kMatrix.
struct TieRule {
  enum class Kind {
    kLoss,  // 0: RewardBench.
    kHalf,  // 0.5: RLHFlow's evaluator.
    kCoin,  // 0 or 1, as by RewardBench's first ArmoRM pipeline, which threw a coin.
  };
  Kind kind = Kind::kLoss;
  uint64_t seed = 0;  // Of the coin.
};

// "loss", "half" or "coin:SEED". INVALID_ARGUMENT for anything else.
absl::StatusOr<TieRule> ParseTieRule(const std::string& text);
std::string TieRuleName(const TieRule& rule);

// What its shape says: one against one is kAllAbove, one against several kBestOfN, as many against
// as many kMatrix, all else kAllAbove. A row of RewardBench 2's Ties, by its id, is kAllAbove.
Metric MetricOf(const Comparison& comparison);
// "all-above", "best-of-n", "matrix".
std::string MetricName(Metric metric);

// True for the ids of RewardBench 2's Ties subset, "ref:N" and "tied:N".
bool IsTiesId(const Json& id);

// A number that depends on the row's subset and id alone, so that a coin falls the same way in
// whatever order and in whatever part of the data the row is met.
uint64_t CoinOf(const Comparison& comparison);

// 0..1. At least one score on each side; as many on both for kMatrix. `coin` is CoinOf() the row.
double Credit(Metric metric, const TieRule& ties, uint64_t coin, const std::vector<float>& chosen,
              const std::vector<float>& rejected);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_CREDIT_H_
