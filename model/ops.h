// model/ops.h
// The arithmetic of the trunk as free functions on tensors: compositions of ATen operators that run on every device and
// that every faster form is tested against (fused_ops.h and varlen_attention.h on CUDA).
// All are pure, run in c10::InferenceMode, and throw what torch throws. Linear()'s rows do not depend, to the bit, on the
// other rows given with them: on the CPU always, on CUDA where `row_tile` is set. The other functions promise no such thing.
// Letters: N rows (tokens of the pack), H hidden, I intermediate, A query heads, B key heads (B divides A), D head
// dimension, C the trunk's dtype (bfloat16 or float32).
#ifndef ASSAY_MODEL_OPS_H_
#define ASSAY_MODEL_OPS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/model_config.h"
#include "model/packed_batch.h"
#include "model/rotary_angles.h"

namespace assay {

// x / sqrt(mean(x^2) + eps) * weight over the last dimension; x [N, H] and weight [H] float32; returns [N, H] in
// `dtype`, computed in float32 and rounded once. Source: Zhang and Sennrich 2019, "Root Mean Square Layer
// Normalization", equation 4; eps as in transformers, LlamaRMSNorm.
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType dtype);

// x times transpose(weight): x [N, in], weight [out, in], both C -> [N, out] C. row_tile 0: all rows in one product;
// else products of exactly that many rows (the last filled up with zeros), so that a CUDA library which picks its
// kernel by the number of rows always picks one.
at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, int64_t row_tile);

// Cosine and sine of every position's angles, each [max_positions, D / 2] float32.
struct RotaryTable {
  at::Tensor cos;
  at::Tensor sin;
};

// Those of rotary_angles.h.
RotaryTable MakeRotaryTable(const ModelConfig& config, at::Device device);

// Turns pairs (i, i + D/2) of every head by its row's angles: x [N, heads, D] C; cos, sin [N, D / 2] float32 ->
// [N, heads, D] C, computed in float32 and rounded once. Source: transformers, apply_rotary_pos_emb.
at::Tensor Rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

// Which rows see which, for SegmentAttention; made once for all layers.
struct AttentionPlan {
  std::vector<PackedSegment> segments;
  // For segments with a prefix: [longest own, longest prefix + longest own] C, 0 where column - mask_origin <= row,
  // else -inf. The mask of one segment is a view of it. Undefined where no segment has a prefix.
  at::Tensor mask;
  int64_t mask_origin = 0;
};
AttentionPlan PlanAttention(const std::vector<PackedSegment>& segments, at::ScalarType dtype,
                            at::Device device);

// Softmax(q k^T / sqrt(D)) v within the plan's segments: query row i of a segment sees its whole prefix and its own
// rows up to i. q [N, A, D], k and v [N, B, D], C; query head a reads key head a / (A / B) -> [N, A x D] C.
// Source: Vaswani et al. 2017, equation 1; grouped heads: Ainslie et al. 2023, "GQA".
at::Tensor SegmentAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const AttentionPlan& plan);

// silu(gate) x up, elementwise: both [N, I] C -> [N, I] C, computed in float32 and rounded once.
// Source: Shazeer 2020, "GLU Variants Improve Transformer", section 2 (SwiGLU).
at::Tensor SwiGlu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace assay

#endif  // ASSAY_MODEL_OPS_H_
