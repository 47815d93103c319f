// model/cpu_trunk.h
// The trunk on the CPU: tokens of a pack -> hidden rows after the final norm, in steps over blocks of rows that stay in a
// core's cache, on the threads of a CpuTeam. Knows no torch, no head and no file.
// Promise: a row's bits depend on the tokens of its own sequence up to it alone: not on the pack, its order, sharing, the
// number of threads or of callers (products.h, attention_kernel.h).
// Source: Touvron et al. 2023, "LLaMA"; layout as transformers' LlamaModel. Difference from it: the residual stream, the
// norms and what lies between two products stay in float32; a value is rounded once, where a product or attention takes it.
#ifndef ASSAY_MODEL_CPU_TRUNK_H_
#define ASSAY_MODEL_CPU_TRUNK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "model/cpu_team.h"
#include "model/cpu_weights.h"
#include "model/model_config.h"
#include "model/packed_batch.h"
#include "model/rotary_angles.h"

namespace assay {

// Const and thread-safe: each call is a computation of the team.
class CpuTrunk {
 public:
  // `weights` are complete. Borrows what the embedding is a view of; shares the team.
  CpuTrunk(const ModelConfig& config, CpuTrunkWeights weights, Numbers numbers,
           std::shared_ptr<CpuTeam> team);

  // hidden [S, H] float32: the pack's rows `rows` [S], in their order, after the final norm. The last layer computes only
  // these. Requires: ids in 0..V-1, positions in 0..max_positions-1, rows in the pack, at least one. Throws
  // std::bad_alloc.
  void Forward(const PackedBatch& batch, const std::vector<int64_t>& rows, float* hidden) const;

 private:
  class Pass;

  const ModelConfig config_;
  const CpuTrunkWeights weights_;
  const Numbers numbers_;
  const RotaryAngles rotary_;
  const std::shared_ptr<CpuTeam> team_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_CPU_TRUNK_H_
