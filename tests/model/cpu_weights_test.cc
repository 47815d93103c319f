#include "model/cpu_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "model/kernels/products.h"
#include "model/stored_numbers.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::RandomTensors;
using ::assay::testing::StatusIs;
using ::assay::testing::TensorMap;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFolder;
using ::testing::HasSubstr;

std::shared_ptr<const CheckpointTensors> Open(const TensorMap& tensors) {
  auto checkpoint = CheckpointTensors::Open(WriteFolder("cpu_weights", tensors));
  EXPECT_OK(checkpoint);
  return *checkpoint;
}

absl::StatusOr<CpuTrunkWeights> Load(const CheckpointTensors& checkpoint) {
  TensorBook book(checkpoint.tensors());
  CpuTeam team(2);
  book.Take("score.weight", {1, 48});
  return LoadCpuTrunk(checkpoint, TinyScalarConfig(), Numbers::kFloat32, book, team);
}

// Row `row` of the stored matrix, and column `column` of the packed one, both [depth].
std::vector<float> Stored(const CheckpointTensors& checkpoint, const std::string& name,
                          int64_t row) {
  const StoredTensor& tensor = checkpoint.tensors().at(name);
  std::vector<float> numbers(tensor.shape[1]);
  ToFloat32(tensor.dtype, tensor.bytes.data() + row * tensor.shape[1] * DtypeBytes(tensor.dtype),
            numbers.size(), numbers.data());
  return numbers;
}
std::vector<float> Packed(const PackedMatrix& matrix, size_t column, size_t depth) {
  const float* const panel =
      reinterpret_cast<const float*>(matrix.panel(column / matrix.panel_columns));
  std::vector<float> numbers(depth);
  for (size_t k = 0; k < depth; ++k) {
    numbers[k] = panel[k * matrix.panel_columns + column % matrix.panel_columns];
  }
  return numbers;
}

TEST(CpuWeightsTest, HoldsQueriesInWholePanelsThenKeysThenValues) {
  const auto checkpoint = Open(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16));
  ASSERT_OK_AND_ASSIGN(const CpuTrunkWeights trunk, Load(*checkpoint));
  const std::string attention = "model.layers.1.self_attn.";
  const PackedMatrix& matrix = trunk.layers[1].query_key_value;
  const size_t keys_at = (64 + PanelColumns() - 1) / PanelColumns() * PanelColumns();
  EXPECT_EQ(Packed(matrix, 63, 48), Stored(*checkpoint, attention + "q_proj.weight", 63));
  EXPECT_EQ(Packed(matrix, keys_at + 5, 48), Stored(*checkpoint, attention + "k_proj.weight", 5));
  EXPECT_EQ(Packed(matrix, keys_at + 32 + 7, 48),
            Stored(*checkpoint, attention + "v_proj.weight", 7));
}

TEST(CpuWeightsTest, HoldsHalfAPanelOfGateThenTheSameOfUp) {
  const auto checkpoint = Open(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16));
  ASSERT_OK_AND_ASSIGN(const CpuTrunkWeights trunk, Load(*checkpoint));
  const size_t half = PanelColumns() / 2;
  for (size_t row : {size_t{0}, half - 1, half, size_t{89}}) {
    const size_t gate_at = row / half * PanelColumns() + row % half;
    EXPECT_EQ(Packed(trunk.layers[0].gate_up, gate_at, 48),
              Stored(*checkpoint, "model.layers.0.mlp.gate_proj.weight", row));
    EXPECT_EQ(Packed(trunk.layers[0].gate_up, gate_at + half, 48),
              Stored(*checkpoint, "model.layers.0.mlp.up_proj.weight", row));
  }
  EXPECT_EQ(Packed(trunk.layers[0].down, 47, 90),
            Stored(*checkpoint, "model.layers.0.mlp.down_proj.weight", 47));
}

TEST(CpuWeightsTest, LeavesTheEmbeddingWhereItIsMapped) {
  const auto checkpoint = Open(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16));
  ASSERT_OK_AND_ASSIGN(const CpuTrunkWeights trunk, Load(*checkpoint));
  EXPECT_EQ(trunk.embedding.bytes.data(),
            checkpoint->tensors().at("model.embed_tokens.weight").bytes.data());
}

TEST(CpuWeightsTest, TheHashIsThatOfTheBytesThoughTheirPagesWereGivenBack) {
  const auto checkpoint = Open(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16));
  const std::string before =
      Open(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16))->WeightsHash(1);
  ASSERT_OK(Load(*checkpoint));
  EXPECT_EQ(checkpoint->WeightsHash(2), before);
}

TEST(CpuWeightsTest, RefusesACheckpointThatDoesNotFit) {
  TensorMap tensors = RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16);
  tensors.erase("model.layers.1.mlp.down_proj.weight");
  EXPECT_THAT(Load(*Open(tensors)),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("missing: model.layers.1.mlp.down_proj.weight")));
}

}  // namespace
}  // namespace assay
