#include "model/merged_matrices.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "model/float8.h"

namespace assay {
namespace {

class MergedMatricesTest : public ::testing::Test {
 protected:
  MergedMatricesTest() { at::manual_seed(1); }
  const c10::InferenceMode inference_mode_;
};

TEST_F(MergedMatricesTest, LaysMatricesOneBelowTheOther) {
  const at::Tensor a = at::randn({3, 5});
  const at::Tensor b = at::randn({2, 5});
  MergedMatrices merged(5, 5, at::kFloat, at::kCPU);
  merged.Append(a);
  merged.Append(b);
  EXPECT_TRUE(at::equal(merged.matrices().values, at::cat({a, b})));
  EXPECT_FALSE(merged.matrices().scales.defined());
}

TEST_F(MergedMatricesTest, ConvertsOnTheWay) {
  const at::Tensor a = at::randn({3, 5});
  MergedMatrices merged(3, 5, at::kBFloat16, at::kCPU);
  merged.Append(a);
  EXPECT_TRUE(at::equal(merged.matrices().values, a.to(at::kBFloat16)));
}

TEST_F(MergedMatricesTest, QuantisesEachRowByItsOwnScale) {
  const at::Tensor a = at::randn({3, 16});
  const at::Tensor b = at::randn({2, 16}) * 1000;
  MergedMatrices merged(5, 16, kFloat8, at::kCPU);
  merged.Append(a);
  merged.Append(b);
  const ScaledRows expected = QuantizeRows(at::cat({a, b}));
  EXPECT_TRUE(at::equal(merged.matrices().scales, expected.scales));
  EXPECT_TRUE(at::equal(Dequantize(merged.matrices()), Dequantize(expected)));
}

TEST_F(MergedMatricesTest, AMatrixThatIsMissingTakesNoRoom) {
  const at::Tensor a = at::randn({2, 4});
  MergedMatrices merged(2, 4, at::kFloat, at::kCPU);
  merged.Append({});
  merged.Append(a);
  EXPECT_TRUE(at::equal(merged.matrices().values, a));
}

TEST_F(MergedMatricesTest, OnTheMetaDeviceItTakesNoMemory) {
  const int64_t huge = int64_t{1} << 40;
  for (const at::ScalarType dtype : {at::kFloat, kFloat8}) {
    MergedMatrices merged(huge, 16, dtype, at::kMeta);
    merged.Append(at::empty({huge, 16}, at::TensorOptions().device(at::kMeta)));
    EXPECT_EQ(merged.matrices().values.size(0), huge);
  }
}

}  // namespace
}  // namespace assay
