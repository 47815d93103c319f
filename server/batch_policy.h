// server/batch_policy.h
// Which tasks share a forward pass, and how a group too long for one is cut. Pure: no clock, lock
// or thread.
#ifndef ASSAY_SERVER_BATCH_POLICY_H_
#define ASSAY_SERVER_BATCH_POLICY_H_

#include <cstdint>
#include <vector>

#include "model/types.h"

namespace assay {

// Capacity of one forward pass. Sequences are packed end to end, so there is no padding to count.
struct TokenBudget {
  int64_t max_tokens = 16384;  // Computed tokens: a group's prefix counts once. > 0.
};

// What a task takes from the budget.
struct TaskCost {
  int64_t tokens = 0;
};

TaskCost CostOf(const PromptGroup& group);

// Whether a task of `tokens` may join a batch that holds `batched`: within the budget, or alone.
bool FitsBatch(int64_t batched, int64_t tokens, const TokenBudget& budget);

// Cuts `group` into groups of consecutive responses, each with the whole prefix and as many
// responses as fit the budget, at least one. A group that fits comes back as it is. `group` has at
// least one response.
std::vector<PromptGroup> SplitGroup(PromptGroup group, const TokenBudget& budget);

}  // namespace assay

#endif  // ASSAY_SERVER_BATCH_POLICY_H_
