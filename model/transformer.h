// model/transformer.h
// The trunk: tokens of a pack -> hidden rows after the final norm. Knows no head, no group and no file.
// Source: Touvron et al. 2023, "LLaMA"; layout as transformers' LlamaModel. Difference from it: the residual stream and
// the norms stay in float32 whatever C is; values are rounded to C only where a matrix product or attention takes them.
// Const after construction; one caller at a time for each device.
#ifndef ASSAY_MODEL_TRANSFORMER_H_
#define ASSAY_MODEL_TRANSFORMER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/model_config.h"
#include "model/ops.h"
#include "model/packed_batch.h"
#include "model/trunk.h"
#include "model/weights.h"

namespace assay {

class Transformer : public Trunk {
 public:
  // Borrows `weights`, which must outlive it; its device and dtype C are those of the matrices. row_tile: see Linear().
  Transformer(const ModelConfig& config, const TrunkWeights& weights, int64_t row_tile);

  at::Tensor Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const override;

 private:
  struct Positions;  // What all layers need of a pack.

  // x [N, H] float32 -> attention's result [N, A x D] C.
  at::Tensor Attention(const at::Tensor& x, const LayerWeights& layer,
                       const Positions& positions) const;
  // Adds the feed-forward part to x [N, H] float32.
  void AddFeedForward(const LayerWeights& layer, at::Tensor& x) const;

  const ModelConfig config_;
  const TrunkWeights& weights_;
  const int64_t row_tile_;
  const at::ScalarType dtype_;  // C
  const at::Device device_;
  const RotaryTable rotary_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_TRANSFORMER_H_
