#include "model/model_parts.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <numeric>
#include <vector>

#include "model/kernels/targets.h"
#include "model/transformer.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::RandomTensors;
using ::assay::testing::StatusIs;
using ::assay::testing::TinyGatedConfig;
using ::assay::testing::WriteFolder;
using ::testing::HasSubstr;

class ModelPartsTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const CheckpointTensors> Checkpoint() {
    return *CheckpointTensors::Open(
        WriteFolder("model_parts", RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16)));
  }
  // A prefix with three responses, and a sequence without company.
  static PackedBatch Batch() {
    PromptGroup group;
    for (TokenId i = 0; i < 70; ++i) group.prefix.push_back((i * 7) % 40);
    group.responses = {{.tokens = {3, 2}, .gate_at = 5},
                       {.tokens = {7}, .gate_at = 5},
                       {.tokens = {11, 12, 13}, .gate_at = 5}};
    return PackGroups(
        std::vector<PromptGroup>{
            group, {.prefix = {}, .responses = {{.tokens = {1, 2, 5}, .gate_at = 1}}}},
        true);
  }

  const c10::InferenceMode inference_mode_;
};

// The kernels of the CPU against the composition of torch's operators that other devices run.
TEST_F(ModelPartsTest, TheCpusTrunkComputesWhatTheCompositionComputes) {
  const auto checkpoint = Checkpoint();
  const PackedBatch batch = Batch();
  std::vector<int64_t> rows(batch.ids.size());
  std::iota(rows.begin(), rows.end(), 0);
  const auto composed_in = [&](at::ScalarType dtype) {
    const Weights weights = *LoadWeights(checkpoint, TinyGatedConfig(), {.trunk_dtype = dtype});
    return Transformer(TinyGatedConfig(), weights.trunk, 0).Forward(batch, rows);
  };
  const at::Tensor composed = composed_in(at::kFloat);
  const auto difference = [&](ComputeDtype dtype) {
    ModelParts parts =
        *LoadModelParts(TinyGatedConfig(), checkpoint, {.dtype = dtype, .cpu_threads = 2});
    return (parts.trunk->Forward(batch, rows) - composed).abs().max().item<double>();
  };
  // Hidden rows are of order one.
  EXPECT_LE(difference(ComputeDtype::kFloat32), 1e-5);
  EXPECT_LE(difference(ComputeDtype::kBFloat16), 0.05);
  EXPECT_LE((composed_in(at::kBFloat16) - composed).abs().max().item<double>(), 0.05);
  if (HasInt8Products()) EXPECT_LE(difference(ComputeDtype::kInt8), 0.3);
}

TEST_F(ModelPartsTest, TheHeadHasTheDtypeAskedFor) {
  const auto regression = [&](ComputeDtype dtype, HeadPrecision heads) {
    ModelParts parts =
        *LoadModelParts(TinyGatedConfig(), Checkpoint(), {.dtype = dtype, .heads = heads});
    return std::get<GatedHeadWeights>(parts.head).regression.scalar_type();
  };
  EXPECT_EQ(regression(ComputeDtype::kBFloat16, HeadPrecision::kPrecise), at::kFloat);
  EXPECT_EQ(regression(ComputeDtype::kBFloat16, HeadPrecision::kReference), at::kBFloat16);
  EXPECT_EQ(regression(ComputeDtype::kFloat32, HeadPrecision::kReference), at::kFloat);
}

TEST_F(ModelPartsTest, Int8IsRefusedWhereItCannotRun) {
  EXPECT_THAT(LoadModelParts(TinyGatedConfig(), Checkpoint(),
                             {.device = "cuda:0", .dtype = ComputeDtype::kInt8}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cuda:0")));
}

}  // namespace
}  // namespace assay
