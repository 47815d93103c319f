// The compositions, on the CPU; that the kernels agree with them is proved by tests/model/kernels/kernels_test.cc and, on
// a GPU, by tests/bench/gpu/gpu_test.cc.
#include "model/fused_ops.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "tests/model/tiny_checkpoint.h"

namespace assay {
namespace {

using ::assay::testing::TinyScalarConfig;

class FusedOpsTest : public ::testing::Test {
 protected:
  FusedOpsTest() { at::manual_seed(1); }

  static double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  }

  const c10::InferenceMode inference_mode_;
};

TEST_F(FusedOpsTest, AddsBeforeItNormsAndKeepsTheSum) {
  at::Tensor x = at::randn({7, 45});
  const at::Tensor delta = at::randn({7, 45}).to(at::kBFloat16);
  const at::Tensor weight = at::randn({45});
  const at::Tensor sum = x.to(at::kDouble) + delta.to(at::kDouble);
  const at::Tensor expected =
      sum / (sum.square().mean(-1, true) + 1e-3).sqrt() * weight.to(at::kDouble);
  const ScaledRows normed = AddRmsNorm(x, delta, weight, 1e-3, at::kFloat);
  EXPECT_LE(MaxDifference(x, sum), 1e-6);
  EXPECT_LE(MaxDifference(normed.values, expected), 4e-6);
  EXPECT_FALSE(normed.scales.defined());
}

TEST_F(FusedOpsTest, WithoutADeltaTheSumIsLeftAlone) {
  at::Tensor x = at::randn({7, 45});
  const at::Tensor before = x.clone();
  const at::Tensor weight = at::randn({45});
  const ScaledRows normed = AddRmsNorm(x, {}, weight, 1e-5, at::kBFloat16);
  EXPECT_TRUE(at::equal(x, before));
  EXPECT_TRUE(at::equal(normed.values, RmsNorm(x, weight, 1e-5, at::kBFloat16)));
}

TEST_F(FusedOpsTest, NormsRoundOnceToEightBits) {
  at::Tensor x = at::randn({7, 48});
  const at::Tensor weight = at::randn({48});
  const ScaledRows normed = AddRmsNorm(x, {}, weight, 1e-5, kFloat8);
  const ScaledRows expected = QuantizeRows(RmsNorm(x, weight, 1e-5, at::kFloat));
  EXPECT_TRUE(at::equal(Dequantize(normed), Dequantize(expected)));
}

TEST_F(FusedOpsTest, RotatesQueriesAndKeysInPlaceAndLeavesValues) {
  const ModelConfig config = TinyScalarConfig();
  const HeadCounts heads = {config.num_heads, config.num_kv_heads, config.head_dim};
  const RotaryTable table = MakeRotaryTable(config, at::kCPU);
  const at::Tensor positions = at::tensor({0, 5, 127}, at::kInt);
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor q = at::randn({3, 4, 16}).to(dtype);
    const at::Tensor k = at::randn({3, 2, 16}).to(dtype);
    const at::Tensor v = at::randn({3, 2, 16}).to(dtype);
    at::Tensor qkv = at::cat({q.flatten(1), k.flatten(1), v.flatten(1)}, 1);
    const RotatedHeads found = RotateHeads(qkv, table, positions, heads);
    const at::Tensor cos = table.cos.index_select(0, positions);
    const at::Tensor sin = table.sin.index_select(0, positions);
    EXPECT_TRUE(at::equal(found.q, Rotate(q, cos, sin)));
    EXPECT_TRUE(at::equal(found.k, Rotate(k, cos, sin)));
    EXPECT_TRUE(at::equal(found.v, v));
    EXPECT_EQ(found.q.const_data_ptr(), qkv.const_data_ptr());
  }
}

TEST_F(FusedOpsTest, SwiGluReadsGateAndThenUp) {
  const at::Tensor gate = at::randn({5, 48});
  const at::Tensor up = at::randn({5, 48});
  const at::Tensor both = at::cat({gate, up}, 1);
  EXPECT_TRUE(at::equal(SwiGluOf(both, at::kFloat).values, SwiGlu(gate, up)));
  EXPECT_TRUE(
      at::equal(Dequantize(SwiGluOf(both, kFloat8)), Dequantize(QuantizeRows(SwiGlu(gate, up)))));
  const at::Tensor narrow = both.to(at::kBFloat16);
  const at::Tensor expected =
      SwiGlu(gate.to(at::kBFloat16).to(at::kFloat), up.to(at::kBFloat16).to(at::kFloat));
  EXPECT_TRUE(at::equal(SwiGluOf(narrow, at::kBFloat16).values, expected.to(at::kBFloat16)));
}

TEST_F(FusedOpsTest, GathersRowsOfAView) {
  const at::Tensor x = at::randn({5, 4, 6}).narrow(1, 1, 2);
  const at::Tensor rows = at::tensor({3, 3, 0}, at::kInt);
  EXPECT_TRUE(at::equal(GatherRows(x, rows), at::stack({x[3], x[3], x[0]})));
}

TEST_F(FusedOpsTest, RowsAreQuantisedOnlyWhereAskedFor) {
  const at::Tensor x = at::randn({5, 48}).to(at::kBFloat16);
  EXPECT_TRUE(RowsAs(x, at::kBFloat16).values.is_same(x));
  EXPECT_TRUE(at::equal(Dequantize(RowsAs(x, kFloat8)), Dequantize(QuantizeRows(x))));
}

}  // namespace
}  // namespace assay
