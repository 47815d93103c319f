#include "model/heads.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "model/ops.h"

namespace assay {
namespace {

// The parts [S, any] on the CPU in float32, in one copy, so that the device is waited for once.
std::vector<at::Tensor> ToHost(const std::vector<at::Tensor>& parts) {
  std::vector<at::Tensor> wide;
  std::vector<int64_t> columns;
  for (const at::Tensor& part : parts) {
    wide.push_back(part.to(at::kFloat));
    columns.push_back(part.size(1));
  }
  std::vector<at::Tensor> on_host = at::cat(wide, 1).to(at::kCPU).split_with_sizes(columns, 1);
  for (at::Tensor& part : on_host) part = part.contiguous();
  return on_host;
}

std::vector<float> RowOf(const at::Tensor& x, int64_t row) {
  if (!x.defined()) return {};
  const float* const begin = x.const_data_ptr<float>() + row * x.size(1);
  return std::vector<float>(begin, begin + x.size(1));
}

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

HeadOutputs GatedHead(const GatedHeadWeights& weights, double temperature,
                      const at::Tensor& hidden_at_reward, const at::Tensor& hidden_at_gate,
                      int64_t row_tile) {
  const at::ScalarType dtype = weights.regression.scalar_type();
  const at::Tensor rewards = Linear(hidden_at_reward.to(dtype), weights.regression, row_tile);
  at::Tensor x = hidden_at_gate.to(dtype);
  for (const GateLayer& layer : weights.gate) {
    // Added after the product, so that bfloat16 rounds twice, as the published heads do.
    x = Linear(x, layer.weight, row_tile) + layer.bias;
    if (&layer != &weights.gate.back()) x = at::relu(x);
  }
  const at::Tensor gating = at::softmax(x / temperature, -1) * weights.logit_scale;
  const at::Tensor adjusted = Linear(rewards, weights.transform.t(), row_tile);
  const at::Tensor coefficients =
      Linear(gating.to(at::kFloat), weights.transform.to(at::kFloat), row_tile);
  const std::vector<at::Tensor> on_host =
      ToHost({(gating * adjusted).sum(-1, /*keepdim=*/true), rewards, gating, coefficients});
  return {.score = on_host[0].squeeze(1),
          .rewards = on_host[1],
          .gating = on_host[2],
          .coefficients = on_host[3]};
}

HeadOutputs ScalarHead(const ScalarHeadWeights& weights, const at::Tensor& hidden_at_reward,
                       int64_t row_tile) {
  const at::Tensor x = hidden_at_reward.to(weights.weight.scalar_type());
  return {.score = ToHost({Linear(x, weights.weight, row_tile)})[0].squeeze(1),
          .rewards = {},
          .gating = {},
          .coefficients = {}};
}

std::vector<absl::StatusOr<RewardScore>> CheckedScores(const HeadOutputs& outputs) {
  std::vector<absl::StatusOr<RewardScore>> results;
  for (int64_t row = 0; row < outputs.score.size(0); ++row) {
    RewardScore score = {.score = outputs.score.const_data_ptr<float>()[row],
                         .rewards = RowOf(outputs.rewards, row),
                         .gating = RowOf(outputs.gating, row),
                         .coefficients = RowOf(outputs.coefficients, row)};
    if (std::isfinite(score.score) && AllFinite(score.rewards) && AllFinite(score.gating) &&
        AllFinite(score.coefficients)) {
      results.push_back(std::move(score));
    } else {
      results.push_back(absl::InternalError("the model's score of this response is not finite"));
    }
  }
  return results;
}

}  // namespace assay
