#include "model/weights.h"

#include <ATen/ATen.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/float8.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::MakeTensor;
using ::assay::testing::RandomTensors;
using ::assay::testing::StatusIs;
using ::assay::testing::TensorMap;
using ::assay::testing::TinyGatedConfig;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFile;
using ::assay::testing::WriteFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

absl::StatusOr<Weights> Load(const TensorMap& tensors, const ModelConfig& config,
                             const WeightPlacement& placement = {}) {
  ASSAY_ASSIGN_OR_RETURN(auto checkpoint, CheckpointTensors::Open(WriteFolder("weights", tensors)));
  return LoadWeights(std::move(checkpoint), config, placement);
}

auto IsDataLossAbout(const std::string& what, const std::string& name) {
  return StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(what), HasSubstr(name)));
}

const char* BytesOf(const Weights& weights, const std::string& name) {
  return weights.storage->tensors().at(name).bytes.data();
}

TEST(WeightsTest, UsesTheMappedBytesWhereTheDtypeFits) {
  ASSERT_OK_AND_ASSIGN(
      const Weights weights,
      Load(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), TinyGatedConfig()));
  EXPECT_EQ(weights.trunk.embedding.const_data_ptr(),
            BytesOf(weights, "model.embed_tokens.weight"));
  EXPECT_EQ(weights.trunk.layers[1].down.values.const_data_ptr(),
            BytesOf(weights, "model.layers.1.mlp.down_proj.weight"));
  EXPECT_EQ(std::get<GatedHeadWeights>(weights.head).gate[2].weight.const_data_ptr(),
            BytesOf(weights, "gating.layers.2.weight"));
}

TEST(WeightsTest, ConvertsToTheDtypesAskedForAndKeepsNormsInFloat32) {
  const TensorMap tensors = RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16);
  ASSERT_OK_AND_ASSIGN(
      const Weights weights,
      Load(tensors, TinyGatedConfig(),
           {.device = at::kCPU, .trunk_dtype = at::kFloat, .head_dtype = at::kBFloat16}));
  EXPECT_EQ(weights.trunk.layers[0].qkv.values.scalar_type(), at::kFloat);
  EXPECT_EQ(weights.trunk.layers[0].input_norm.scalar_type(), at::kFloat);
  EXPECT_EQ(weights.trunk.embedding.scalar_type(),
            at::kBFloat16);  // Exact as it is, and half the size.
  const auto& head = std::get<GatedHeadWeights>(weights.head);
  EXPECT_EQ(head.regression.scalar_type(), at::kBFloat16);
  EXPECT_EQ(head.logit_scale.item<float>(), 1.25f);
}

TEST(WeightsTest, ReadsTheSameNumbersAtAnyAddress) {
  TensorMap tensors = RandomTensors(TinyScalarConfig(), TensorDtype::kFloat32);
  ASSERT_OK_AND_ASSIGN(const Weights aligned, Load(tensors, TinyScalarConfig()));
  // A header of an odd length moves every tensor to an odd address.
  const std::string file = assay::testing::SafetensorsBytes(tensors);
  const size_t header_bytes =
      static_cast<unsigned char>(file[0]) + 256 * static_cast<unsigned char>(file[1]);
  const std::string longer = {static_cast<char>((header_bytes + 1) & 0xff),
                              static_cast<char>((header_bytes + 1) >> 8)};
  const absl::string_view rest = file;
  const std::string odd_file =
      absl::StrCat(longer, rest.substr(2, 6 + header_bytes), " ", rest.substr(8 + header_bytes));
  const std::string folder = WriteFolder("weights_odd", {});
  WriteFile(folder + "/model.safetensors", odd_file);
  ASSERT_OK_AND_ASSIGN(auto checkpoint, CheckpointTensors::Open(folder));
  ASSERT_OK_AND_ASSIGN(const Weights odd,
                       LoadWeights(std::move(checkpoint), TinyScalarConfig(), {}));
  EXPECT_TRUE(at::equal(odd.trunk.embedding, aligned.trunk.embedding));
  EXPECT_TRUE(
      at::equal(odd.trunk.layers[0].gate_up.values, aligned.trunk.layers[0].gate_up.values));
}

TEST(WeightsTest, LaysTheMatricesOfOneProductOneBelowTheOther) {
  ASSERT_OK_AND_ASSIGN(
      const Weights weights,
      Load(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), TinyGatedConfig()));
  const auto stored = [&](const std::string& part, int64_t rows) {
    const char* const bytes = BytesOf(weights, absl::StrCat("model.layers.1.", part, ".weight"));
    return at::from_blob(const_cast<char*>(bytes), {rows, 48}, at::kBFloat16);
  };
  const LayerWeights& layer = weights.trunk.layers[1];
  EXPECT_TRUE(at::equal(layer.qkv.values,
                        at::cat({stored("self_attn.q_proj", 64), stored("self_attn.k_proj", 32),
                                 stored("self_attn.v_proj", 32)})));
  EXPECT_TRUE(at::equal(layer.gate_up.values,
                        at::cat({stored("mlp.gate_proj", 90), stored("mlp.up_proj", 90)})));
  EXPECT_FALSE(layer.qkv.scales.defined());
}

TEST(WeightsTest, QuantisesTheMatricesOfLayersAndNothingElse) {
  ModelConfig config = TinyGatedConfig();
  config.intermediate_size = 96;
  const TensorMap tensors = RandomTensors(config, TensorDtype::kFloat32);
  ASSERT_OK_AND_ASSIGN(const Weights exact, Load(tensors, config, {.trunk_dtype = at::kFloat}));
  ASSERT_OK_AND_ASSIGN(const Weights small, Load(tensors, config, {.trunk_dtype = kFloat8}));
  const LayerWeights& a = exact.trunk.layers[1];
  const LayerWeights& b = small.trunk.layers[1];
  for (const auto& [found, original] : {std::pair{b.qkv, a.qkv},
                                        {b.attention_output, a.attention_output},
                                        {b.gate_up, a.gate_up},
                                        {b.down, a.down}}) {
    EXPECT_TRUE(at::equal(Dequantize(found), Dequantize(QuantizeRows(original.values))));
  }
  EXPECT_EQ(small.trunk.embedding.scalar_type(), at::kBFloat16);
  EXPECT_EQ(b.input_norm.scalar_type(), at::kFloat);
}

TEST(WeightsTest, RefusesEightBitsForSizesThatTheirProductsDoNotTake) {
  EXPECT_THAT(Load(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), TinyGatedConfig(),
                   {.trunk_dtype = kFloat8}),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("intermediate_size of 90")));
}

TEST(WeightsTest, RefusesAConfigOfHugeSizesWithoutTakingRoomForThem) {
  ModelConfig config = TinyGatedConfig();
  config.intermediate_size = int64_t{1} << 40;
  EXPECT_THAT(Load(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), config),
              IsDataLossAbout("of another shape", "mlp.gate_proj"));
}

TEST(WeightsTest, NamesATensorThatIsMissing) {
  for (const char* name : {"model.layers.1.self_attn.k_proj.weight", "model.norm.weight",
                           "gating.layers.1.bias", "reward_transform_matrix"}) {
    TensorMap tensors = RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16);
    tensors.erase(name);
    EXPECT_THAT(Load(tensors, TinyGatedConfig()), IsDataLossAbout("missing", name));
  }
}

TEST(WeightsTest, NamesATensorThatTheModelDoesNotUse) {
  for (const char* name : {"lm_head.weight", "model.layers.2.input_layernorm.weight",
                           "model.layers.0.self_attn.q_proj.bias", "score.weight"}) {
    TensorMap tensors = RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16);
    tensors[name] = MakeTensor(TensorDtype::kFloat32, {1}, {0});
    EXPECT_THAT(Load(tensors, TinyGatedConfig()), IsDataLossAbout("unexpected", name));
  }
}

TEST(WeightsTest, NamesATensorOfAnotherShapeWithBothShapes) {
  TensorMap tensors = RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16);
  auto& up = tensors["model.layers.0.mlp.up_proj.weight"];
  std::swap(up.shape[0], up.shape[1]);
  EXPECT_THAT(Load(tensors, TinyGatedConfig()),
              IsDataLossAbout("of another shape",
                              "model.layers.0.mlp.up_proj.weight is [48, 90], expected [90, 48]"));
}

TEST(WeightsTest, NamesTheFirstFewAndCountsTheRest) {
  ModelConfig deeper = TinyGatedConfig();
  deeper.num_layers = 4;
  EXPECT_THAT(Load(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), deeper),
              IsDataLossAbout("model.layers.2.input_layernorm.weight", "and 13 more"));
}

TEST(WeightsTest, AGatedCheckpointIsNoScalarOneAndTheOtherWayRound) {
  EXPECT_THAT(Load(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), TinyScalarConfig()),
              IsDataLossAbout("missing: score.weight", "gating.layers.0.bias"));
  EXPECT_THAT(Load(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16), TinyGatedConfig()),
              IsDataLossAbout("missing: regression_layer.weight", "unexpected: score.weight"));
}

}  // namespace
}  // namespace assay
