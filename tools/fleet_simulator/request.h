// tools/fleet_simulator/request.h
// One prompt group as a simulation needs it: lengths, not texts. Plain types.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_REQUEST_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_REQUEST_H_

#include <cstdint>
#include <numeric>
#include <vector>

#include "server/flow.h"

namespace assay::fleet {

struct GroupRequest {
  int64_t prompt_tokens = 0;
  std::vector<int64_t> response_tokens = {};  // At least one; each > 0.
  Flow flow = {};

  // As PromptGroup::ComputedTokens(): the prompt counts once.
  int64_t computed_tokens() const {
    return std::accumulate(response_tokens.begin(), response_tokens.end(), prompt_tokens);
  }
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_REQUEST_H_
