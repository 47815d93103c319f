// model/trunk.h
// The seam between a reward model and what computes its trunk: tokens of a pack -> hidden rows after the final norm.
// Knows no head, no group and no file. Implemented for the CPU by cpu_trunk.h, with ATen for every device by transformer.h.
#ifndef ASSAY_MODEL_TRUNK_H_
#define ASSAY_MODEL_TRUNK_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/packed_batch.h"

namespace assay {

class Trunk {
 public:
  virtual ~Trunk() = default;

  // Hidden states [S, H] float32 of the pack's rows `rows` [S], in their order, on the trunk's device. The last layer
  // computes only those past its attention. Requires: ids in 0..V-1, positions in 0..max_positions-1, rows in the pack,
  // at least one row. Const: several callers at a time on the CPU, one for each device elsewhere. Throws what torch
  // throws, and std::bad_alloc.
  virtual at::Tensor Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const = 0;
};

}  // namespace assay

#endif  // ASSAY_MODEL_TRUNK_H_
