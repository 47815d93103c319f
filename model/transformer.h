// model/transformer.h
// The trunk on any device with ATen: CUDA's own, and on the CPU the composition that cpu_trunk.h's kernels are compared
// with (slow there, and its bits depend on the batch).
// Source: Touvron et al. 2023, "LLaMA"; layout as transformers' LlamaModel. Difference from it: the residual stream and
// the norms stay in float32 whatever C is; values are rounded to C, or to 8-bit floats, only where a matrix product or
// attention takes them.
// On CUDA a pass is queued without waiting for the device: its numbers go up in one copy from pinned memory, on the
// caller's stream (device_stream.h). A row's bits do not depend on the other rows of the pack where `row_tile` is set and
// no segment has a prefix; what that rests on is said in ops.h, varlen_attention.h and kernels/kernel_table.h.
// Const after construction; any number of callers at a time, each on its own stream.
#ifndef ASSAY_MODEL_TRANSFORMER_H_
#define ASSAY_MODEL_TRANSFORMER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/fused_ops.h"
#include "model/model_config.h"
#include "model/ops.h"
#include "model/packed_batch.h"
#include "model/trunk.h"
#include "model/weights.h"

namespace assay {

class Transformer : public Trunk {
 public:
  // Borrows `weights`, which must outlive it; it runs on their device. C is the dtype of their matrices, or bfloat16 where
  // that is kFloat8. row_tile: see Linear().
  Transformer(const ModelConfig& config, const TrunkWeights& weights, int64_t row_tile);

  at::Tensor Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const override;

 private:
  struct Pass;  // What all layers need of a pack, on the device.

  Pass Upload(const PackedBatch& batch, const std::vector<int64_t>& rows) const;
  // Queries, keys and values of one layer -> attention's result [N, A x D] C.
  at::Tensor Attend(const RotatedHeads& heads, const Pass& pass) const;

  const ModelConfig config_;
  const TrunkWeights& weights_;
  const int64_t row_tile_;
  const at::ScalarType product_dtype_;  // What products take: C or kFloat8.
  const at::ScalarType dtype_;          // C
  const at::Device device_;
  const RotaryTable rotary_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_TRANSFORMER_H_
