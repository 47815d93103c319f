#include "model/model_parts.h"

#include <ATen/ATen.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/cpu_trunk.h"
#include "model/float8.h"
#include "model/kernels/targets.h"
#include "model/transformer.h"

namespace assay {
namespace {

class TrunkOnCpu : public Trunk {
 public:
  TrunkOnCpu(const ModelConfig& config, CpuTrunkWeights weights, Numbers numbers,
             std::shared_ptr<CpuTeam> team)
      : trunk_(config, std::move(weights), numbers, std::move(team)),
        hidden_size_(config.hidden_size) {}

  at::Tensor Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const override {
    at::Tensor hidden = at::empty({static_cast<int64_t>(rows.size()), hidden_size_}, at::kFloat);
    trunk_.Forward(batch, rows, hidden.data_ptr<float>());
    return hidden;
  }

 private:
  const CpuTrunk trunk_;
  const int64_t hidden_size_;
};

class TrunkOnDevice : public Trunk {
 public:
  TrunkOnDevice(const ModelConfig& config, TrunkWeights weights, int64_t row_tile)
      : weights_(std::move(weights)), trunk_(config, weights_, row_tile) {}

  at::Tensor Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const override {
    return trunk_.Forward(batch, rows);
  }

 private:
  const TrunkWeights weights_;
  const Transformer trunk_;  // Borrows weights_.
};

// Rows of one matrix product on CUDA in deterministic mode: enough that an 8B model's products fill a large device (tiles
// of 128 x 256 on 132 multiprocessors: 256 rows would leave two thirds of them idle in the narrow products), few enough
// that a single short conversation does not pay for too many rows of zeros. The fastest of several on an H100
// (tests/bench/gpu/README.md).
constexpr int64_t kDeterministicRowTile = 1024;

Numbers NumbersOf(ComputeDtype dtype) {
  switch (dtype) {
    case ComputeDtype::kFloat32:
      return Numbers::kFloat32;
    case ComputeDtype::kInt8:
      return Numbers::kInt8;
    case ComputeDtype::kAuto:
    case ComputeDtype::kBFloat16:
    case ComputeDtype::kFp8:
      break;
  }
  return Numbers::kBFloat16;
}

at::ScalarType TorchDtypeOf(ComputeDtype dtype) {
  if (dtype == ComputeDtype::kFp8) return kFloat8;
  return dtype == ComputeDtype::kFloat32 ? at::kFloat : at::kBFloat16;
}

// The heads' dtype R.
at::ScalarType HeadDtypeOf(const RewardModelOptions& options) {
  const bool is_exact =
      options.heads == HeadPrecision::kPrecise || options.dtype == ComputeDtype::kFloat32;
  return is_exact ? at::kFloat : at::kBFloat16;
}

absl::StatusOr<ModelParts> LoadToCpu(const ModelConfig& config, const CheckpointTensors& tensors,
                                     const RewardModelOptions& options) {
  const Numbers numbers = NumbersOf(options.dtype);
  if (options.dtype == ComputeDtype::kFp8) {
    return absl::FailedPreconditionError("dtype fp8 is for GPUs; the CPU has int8");
  }
  if (numbers == Numbers::kInt8 && !HasInt8Products()) {
    return absl::FailedPreconditionError(
        "dtype int8: this processor has no products of int8 (AVX512_VNNI); use bfloat16");
  }
  TensorBook book(tensors.tensors());
  ModelParts parts;
  parts.head = LoadHead(config, {.head_dtype = HeadDtypeOf(options)}, book);
  auto team = std::make_shared<CpuTeam>(options.cpu_threads);
  ASSAY_ASSIGN_OR_RETURN(CpuTrunkWeights weights,
                         LoadCpuTrunk(tensors, config, numbers, book, *team));
  parts.trunk = std::make_unique<TrunkOnCpu>(config, std::move(weights), numbers, std::move(team));
  return parts;
}

absl::StatusOr<ModelParts> LoadToDevice(const ModelConfig& config,
                                        std::shared_ptr<const CheckpointTensors> tensors,
                                        const RewardModelOptions& options) {
  if (options.dtype == ComputeDtype::kInt8) {
    return absl::FailedPreconditionError(
        absl::StrCat("dtype int8 is for the CPU; device is ", options.device));
  }
  ASSAY_ASSIGN_OR_RETURN(Weights weights, LoadWeights(std::move(tensors), config,
                                                      {.device = at::Device(options.device),
                                                       .trunk_dtype = TorchDtypeOf(options.dtype),
                                                       .head_dtype = HeadDtypeOf(options)}));
  ModelParts parts;
  parts.head = std::move(weights.head);
  parts.row_tile = options.deterministic ? kDeterministicRowTile : 0;
  parts.trunk = std::make_unique<TrunkOnDevice>(config, std::move(weights.trunk), parts.row_tile);
  return parts;
}

}  // namespace

absl::StatusOr<ModelParts> LoadModelParts(const ModelConfig& config,
                                          std::shared_ptr<const CheckpointTensors> tensors,
                                          const RewardModelOptions& options) {
  if (at::Device(options.device).is_cpu()) return LoadToCpu(config, *tensors, options);
  return LoadToDevice(config, std::move(tensors), options);
}

}  // namespace assay
