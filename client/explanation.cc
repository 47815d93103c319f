#include "client/explanation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/match.h"

namespace assay::client {

std::vector<size_t> TopCoefficients(const std::vector<float>& coefficients, size_t count) {
  std::vector<size_t> order(coefficients.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(coefficients[a]) > std::abs(coefficients[b]);
  });
  order.resize(std::min(count, order.size()));
  return order;
}

bool IsHelpSteer(const std::string& objective) { return absl::StartsWith(objective, "helpsteer-"); }

float HelpSteerScale(float raw) { return raw * 5 - 0.5F; }

std::vector<float> MarginByObjective(const Score& chosen, const Score& rejected) {
  if (chosen.rewards.size() != rejected.rewards.size() ||
      chosen.rewards.size() != chosen.coefficients.size())
    return {};
  std::vector<float> margins;
  for (size_t k = 0; k < chosen.rewards.size(); ++k) {
    margins.push_back(chosen.coefficients[k] * (chosen.rewards[k] - rejected.rewards[k]));
  }
  return margins;
}

}  // namespace assay::client
