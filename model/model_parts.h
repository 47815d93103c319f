// model/model_parts.h
// A checkpoint's trunk and head, loaded to a device: chooses what computes the trunk there.
#ifndef ASSAY_MODEL_MODEL_PARTS_H_
#define ASSAY_MODEL_MODEL_PARTS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "model/checkpoint_tensors.h"
#include "model/model_config.h"
#include "model/reward_model.h"
#include "model/trunk.h"
#include "model/weights.h"

namespace assay {

struct ModelParts {
  HeadWeights head;
  std::unique_ptr<const Trunk> trunk;
  int64_t row_tile = 0;  // Of the head's products; see Linear().
};

// The trunk is cpu_trunk.h on the CPU, transformer.h on every other device. `tensors` must outlive the result, parts of
// which may be views of them.
//   DATA_LOSS            the tensors do not fit the config; see tensor_book.h.
//   FAILED_PRECONDITION  the device lacks what options.dtype needs; named.
//   UNIMPLEMENTED        fp8 for a model of sizes that it does not take; see LoadWeights().
// Throws what torch throws, and std::bad_alloc.
absl::StatusOr<ModelParts> LoadModelParts(const ModelConfig& config,
                                          std::shared_ptr<const CheckpointTensors> tensors,
                                          const RewardModelOptions& options);

}  // namespace assay

#endif  // ASSAY_MODEL_MODEL_PARTS_H_
