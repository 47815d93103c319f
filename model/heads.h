// model/heads.h
// From hidden rows to scores. The heads run in the dtype R of their own weights, and round where that dtype rounds:
// float32 for exact heads, bfloat16 to repeat how the published numbers were made.
// Pure functions, in c10::InferenceMode; throw what torch throws. A row's result does not depend on the other rows.
// All numbers leave a device in one copy at the end, the only point that waits for it.
// Letters: S responses, H hidden, K objectives.
#ifndef ASSAY_MODEL_HEADS_H_
#define ASSAY_MODEL_HEADS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "model/types.h"
#include "model/weights.h"

namespace assay {

// On the CPU, float32. The last three are undefined for a scalar head.
struct HeadOutputs {
  at::Tensor score;         // [S]
  at::Tensor rewards;       // [S, K]
  at::Tensor gating;        // [S, K]
  at::Tensor coefficients;  // [S, K]
};

// hidden_at_reward, hidden_at_gate [S, H] float32, after the final norm.
//   rewards = hidden_at_reward x transpose(regression)
//   gating  = softmax(gate(hidden_at_gate) / temperature) x logit_scale; gate: linear layers, relu between them
//   score   = sum over K of gating x (rewards x transform)
//   coefficients = gating x transpose(transform), so that score = sum over K of rewards x coefficients
// Source: ArmoRM's published form (Wang et al. 2024, "Interpretable Preferences via Multi-Objective Reward Modeling and
// Mixture-of-Experts", section 3.2). Difference: positions are found on the token ids, not by a search for padding.
HeadOutputs GatedHead(const GatedHeadWeights& weights, double temperature,
                      const at::Tensor& hidden_at_reward, const at::Tensor& hidden_at_gate,
                      int64_t row_tile);

// score = hidden_at_reward x transpose(weight). Source: transformers, LlamaForSequenceClassification with one label.
HeadOutputs ScalarHead(const ScalarHeadWeights& weights, const at::Tensor& hidden_at_reward,
                       int64_t row_tile);

// One result a row.
//   INTERNAL  the row's score, or another of its numbers, is NaN or infinite.
std::vector<absl::StatusOr<RewardScore>> CheckedScores(const HeadOutputs& outputs);

}  // namespace assay

#endif  // ASSAY_MODEL_HEADS_H_
