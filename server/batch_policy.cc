#include "server/batch_policy.h"

#include <utility>

namespace assay {

TaskCost CostOf(const PromptGroup& group) { return {.tokens = group.ComputedTokens()}; }

bool FitsBatch(int64_t batched, int64_t tokens, const TokenBudget& budget) {
  return batched == 0 || batched + tokens <= budget.max_tokens;
}

std::vector<PromptGroup> SplitGroup(PromptGroup group, const TokenBudget& budget) {
  std::vector<PromptGroup> parts;
  if (CostOf(group).tokens <= budget.max_tokens) {
    parts.push_back(std::move(group));
    return parts;
  }
  int64_t tokens = 0;
  for (EncodedResponse& response : group.responses) {
    const int64_t own = static_cast<int64_t>(response.tokens.size());
    if (parts.empty() || tokens + own > budget.max_tokens) {
      parts.push_back({.prefix = group.prefix, .responses = {}});
      tokens = static_cast<int64_t>(group.prefix.size());
    }
    parts.back().responses.push_back(std::move(response));
    tokens += own;
  }
  return parts;
}

}  // namespace assay
