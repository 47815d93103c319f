// model/reward_model.h
// A reward model on one device: the Scorer that runs real weights. The one place where torch's exceptions become Status;
// this header knows no torch, so that programs do not compile it.
// Not thread-safe (see Scorer); models that share weights may run at the same time.
#ifndef ASSAY_MODEL_REWARD_MODEL_H_
#define ASSAY_MODEL_REWARD_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/checkpoint_tensors.h"
#include "model/model_config.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay {

class DeviceStream;

enum class ComputeDtype {
  kAuto,  // bfloat16, as the published numbers were made.
  kBFloat16,
  kFloat32,  // Exact to about 1e-5, at two to three times the cost.
  kInt8,  // CPU only: products of int8 (packed_matrix.h), all else as in bfloat16. Faster, and further from float32.
  kFp8,  // Products of 8-bit floats, the rest as kBFloat16 (float8.h). For devices that RequireFp8() (devices.h) allows.
};

enum class HeadPrecision {
  kPrecise,    // In float32, as stored.
  kReference,  // In the trunk's dtype, as the published numbers were made.
};

struct RewardModelOptions {
  std::string device = "cpu";  // "cpu", or a CUDA device that ResolveDevices() found: "cuda:0".
  ComputeDtype dtype = ComputeDtype::kAuto;
  HeadPrecision heads = HeadPrecision::kPrecise;
  // Compute a group's prefix once for all its responses. Off: every conversation whole; the same scores but for
  // rounding, at a higher cost. For measurements and tests.
  bool share_prefixes = true;
  // On CUDA: run matrix products in tiles of one size and share no prefix (varlen_attention.h says why), so that a score's
  // bits do not depend on its batch. On CPU they never do.
  bool deterministic = false;
  int cpu_threads = 1;  // On the CPU, for all models that share the weights together; > 0.
};

class RewardModel : public Scorer {
 public:
  // Loads the weights to the device. `info` is what info() will return, with the weights' hash, the revision, dtype, heads
  // and device filled in.
  //   DATA_LOSS            the tensors do not fit the config: one is missing, has another shape, or is not asked for.
  //   UNIMPLEMENTED        kFp8 for a model of sizes that it does not take; named.
  //   INVALID_ARGUMENT     options.device is no device's name.
  //   FAILED_PRECONDITION  the device lacks what options.dtype needs; named.
  //   RESOURCE_EXHAUSTED   the device's memory is too small.
  //   INTERNAL             the device failed.
  static absl::StatusOr<std::unique_ptr<RewardModel>> Create(
      const ModelConfig& config, std::shared_ptr<const CheckpointTensors> tensors,
      const RewardModelOptions& options, ModelInfo info);

  ~RewardModel() override;

  // Another model on the same device with the same weights, which are kept once, and a stream of its own, so that one
  // prepares its batch while the other's runs. Throws what torch throws.
  std::unique_ptr<RewardModel> ShareWeights() const;

  std::vector<absl::StatusOr<RewardScore>> ScoreBatch(
      absl::Span<const PromptGroup> groups) override;

  const ModelInfo& info() const override { return info_; }

 private:
  struct Loaded;  // Weights and what was derived from them.

  RewardModel(std::shared_ptr<const Loaded> loaded, ModelInfo info);

  const std::shared_ptr<const Loaded> loaded_;
  const std::unique_ptr<const DeviceStream> stream_;
  const ModelInfo info_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_REWARD_MODEL_H_
