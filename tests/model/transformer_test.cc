// That the trunk's numbers are those of the reference is proved by tests/model/golden_test.cc; here, its structure.
#include "model/transformer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <numeric>
#include <vector>

#include "model/float8.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::RandomTensors;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFolder;

class TransformerTest : public ::testing::Test {
 protected:
  static Weights LoadTiny(at::ScalarType dtype) {
    const ModelConfig config = TinyScalarConfig();
    auto checkpoint = CheckpointTensors::Open(
        WriteFolder("transformer", RandomTensors(config, TensorDtype::kBFloat16)));
    return *LoadWeights(*std::move(checkpoint), config, {.trunk_dtype = dtype});
  }
  // Sizes that 8-bit products take; the same numbers for every dtype.
  static ModelConfig EvenConfig() {
    ModelConfig config = TinyScalarConfig();
    config.intermediate_size = 96;
    return config;
  }
  static Weights LoadEven(at::ScalarType dtype) {
    auto checkpoint = CheckpointTensors::Open(
        WriteFolder("transformer_even", RandomTensors(EvenConfig(), TensorDtype::kBFloat16)));
    return *LoadWeights(*std::move(checkpoint), EvenConfig(), {.trunk_dtype = dtype});
  }
  static PackedBatch OneSequence(const TokenIds& ids) {
    const std::vector<PromptGroup> groups = {{.prefix = {}, .responses = {{.tokens = ids}}}};
    return PackGroups(groups, true);
  }
  static std::vector<int64_t> AllRows(const PackedBatch& batch) {
    std::vector<int64_t> rows(batch.ids.size());
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  static double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
    return (a - b).abs().max().item<double>();
  }

  const c10::InferenceMode inference_mode_;
  const Weights weights_ = LoadTiny(at::kFloat);
  const Transformer trunk_{TinyScalarConfig(), weights_.trunk, /*row_tile=*/0};
};

TEST_F(TransformerTest, GivesTheRowsAskedForInTheirOrder) {
  const PackedBatch batch = OneSequence({5, 9, 3, 17, 30, 2});
  const at::Tensor all = trunk_.Forward(batch, AllRows(batch));
  EXPECT_EQ(all.sizes(), at::IntArrayRef({6, 48}));
  EXPECT_EQ(all.scalar_type(), at::kFloat);
  const at::Tensor some = trunk_.Forward(batch, {4, 0, 4});
  EXPECT_TRUE(at::equal(some, all.index_select(0, at::tensor({4, 0, 4}, at::kLong))));
}

TEST_F(TransformerTest, ALaterTokenChangesNoEarlierRow) {
  const PackedBatch one = OneSequence({5, 9, 3, 17, 30, 2});
  const PackedBatch other = OneSequence({5, 9, 3, 17, 31, 2});
  const at::Tensor a = trunk_.Forward(one, AllRows(one));
  const at::Tensor b = trunk_.Forward(other, AllRows(other));
  EXPECT_TRUE(at::equal(a.narrow(0, 0, 4), b.narrow(0, 0, 4)));
  EXPECT_GT(MaxDifference(a[4], b[4]), 0.01);
  EXPECT_GT(MaxDifference(a[5], b[5]), 0.01);
}

TEST_F(TransformerTest, TheOrderAndThePlaceOfTokensMatter) {
  const at::Tensor a = trunk_.Forward(OneSequence({5, 9, 3}), {2});
  EXPECT_GT(MaxDifference(a, trunk_.Forward(OneSequence({9, 5, 3}), {2})), 0.01);
  EXPECT_GT(MaxDifference(a, trunk_.Forward(OneSequence({3}), {0})), 0.01);
}

TEST_F(TransformerTest, ASharedPrefixGivesTheRowsOfTheWholeSequences) {
  const std::vector<PromptGroup> groups = {
      {.prefix = {5, 9, 3, 17, 2, 2, 8},
       .responses = {{.tokens = {30, 2}}, {.tokens = {7}}, {.tokens = {11, 12, 13, 14}}}}};
  const PackedBatch shared = PackGroups(groups, true);
  const PackedBatch whole = PackGroups(groups, false);
  EXPECT_LE(MaxDifference(trunk_.Forward(shared, shared.reward_rows),
                          trunk_.Forward(whole, whole.reward_rows)),
            1e-5);
}

TEST_F(TransformerTest, ProductsInTilesGiveTheSameRows) {
  const Transformer tiled(TinyScalarConfig(), weights_.trunk, /*row_tile=*/4);
  const PackedBatch batch = OneSequence({5, 9, 3, 17, 30, 2});
  EXPECT_LE(
      MaxDifference(tiled.Forward(batch, AllRows(batch)), trunk_.Forward(batch, AllRows(batch))),
      1e-5);
}

TEST_F(TransformerTest, Bfloat16StaysNearFloat32) {
  const Weights narrow = LoadTiny(at::kBFloat16);
  const Transformer trunk(TinyScalarConfig(), narrow.trunk, 0);
  const PackedBatch batch = OneSequence({5, 9, 3, 17, 30, 2, 8, 8, 8, 1});
  const double difference =
      MaxDifference(trunk.Forward(batch, AllRows(batch)), trunk_.Forward(batch, AllRows(batch)));
  EXPECT_GT(difference, 0);
  EXPECT_LE(difference, 0.1);  // Of values of order one.
}

// Two layers of products whose elements are wrong by 1/16 at most; bfloat16's by 1/256.
TEST_F(TransformerTest, EightBitProductsStayNearFloat32) {
  const Weights exact = LoadEven(at::kFloat);
  const Weights small = LoadEven(kFloat8);
  const PackedBatch batch = OneSequence({5, 9, 3, 17, 30, 2, 8, 8, 8, 1});
  const at::Tensor expected =
      Transformer(EvenConfig(), exact.trunk, 0).Forward(batch, AllRows(batch));
  const at::Tensor found = Transformer(EvenConfig(), small.trunk, 0).Forward(batch, AllRows(batch));
  const double error = ((found - expected).norm() / expected.norm()).item<double>();
  EXPECT_LE(error, 0.1);
  EXPECT_GT(error, 0.005);
  const Transformer tiled(EvenConfig(), small.trunk, /*row_tile=*/4);
  EXPECT_LE(((tiled.Forward(batch, AllRows(batch)) - found).norm() / found.norm()).item<double>(),
            0.02);
}

}  // namespace
}  // namespace assay
