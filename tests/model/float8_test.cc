#include "model/float8.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace assay {
namespace {

class Float8Test : public ::testing::Test {
 protected:
  Float8Test() { at::manual_seed(1); }

  static double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  }
  // Of the difference, over that of `exact`.
  static double RelativeNorm(const at::Tensor& found, const at::Tensor& exact) {
    return ((found.to(at::kDouble) - exact).norm() / exact.norm()).item<double>();
  }

  const c10::InferenceMode inference_mode_;
};

TEST_F(Float8Test, EachElementIsWithinHalfAStepOfItsRowsScale) {
  const at::Tensor x = at::randn({50, 300}) * at::logspace(-20, 20, 50, 10.0).unsqueeze(1);
  const ScaledRows rows = QuantizeRows(x);
  EXPECT_EQ(rows.values.scalar_type(), kFloat8);
  EXPECT_EQ(rows.scales.sizes(), at::IntArrayRef({50, 1}));
  const at::Tensor error = (Dequantize(rows) - x).abs();
  // 3 bits of mantissa: half a step is 1/16 of a number; the smallest step of all is 2^-9 of the scale.
  const at::Tensor allowed = at::maximum(x.abs() / 16, rows.scales * std::pow(2.0, -10)) * 1.0001;
  EXPECT_TRUE(at::all(error.le(allowed)).item<bool>());
  // The largest of a row is kept.
  const at::Tensor largest = Dequantize(rows).abs().amax(1);
  EXPECT_LE(((largest - x.abs().amax(1)) / largest).abs().max().item<double>(), 1e-6);
}

TEST_F(Float8Test, AnOutlierCostsItsOwnRowAlone) {
  at::Tensor x = at::randn({2, 64});
  const at::Tensor clean = Dequantize(QuantizeRows(x));
  x[0][3] = 1e6;
  const at::Tensor found = Dequantize(QuantizeRows(x));
  EXPECT_EQ(found[0][5].item<float>(), 0);
  EXPECT_TRUE(at::equal(found[1], clean[1]));
}

TEST_F(Float8Test, RowsOfZerosAndOfTinyNumbersStayFinite) {
  const ScaledRows zeros = QuantizeRows(at::zeros({2, 16}));
  EXPECT_EQ(zeros.scales.min().item<float>(), 1);
  EXPECT_EQ(MaxDifference(Dequantize(zeros), at::zeros({2, 16})), 0);
  EXPECT_EQ(MaxDifference(Dequantize(QuantizeRows(at::full({1, 16}, 1e-45))), at::zeros({1, 16})),
            0);
}

TEST_F(Float8Test, ARowThatIsNotFiniteGivesAProductThatIsNot) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    at::Tensor x = at::ones({2, 16});
    x[1][7] = bad;
    const at::Tensor found = Product(QuantizeRows(x), QuantizeRows(at::randn({16, 16})), 0);
    EXPECT_TRUE(at::all(at::isfinite(found[0])).item<bool>());
    EXPECT_FALSE(at::any(at::isfinite(found[1])).item<bool>());
  }
}

// Each factor has a relative error of about 2.6 % in the mean square, independent from element to element: 3.7 % of a
// product's size together. 5 % is held.
TEST_F(Float8Test, AProductIsNearTheExactOne) {
  for (const int64_t in : {48, 1024}) {
    const at::Tensor x = at::randn({70, in});
    const at::Tensor weight = at::randn({96, in}) / std::sqrt(double(in));
    const at::Tensor exact = at::matmul(x.to(at::kDouble), weight.to(at::kDouble).t());
    const at::Tensor found = Product(QuantizeRows(x), QuantizeRows(weight), 0);
    EXPECT_EQ(found.scalar_type(), at::kBFloat16);
    EXPECT_LE(RelativeNorm(found, exact), 0.05);
    EXPECT_GT(RelativeNorm(found, exact), 0.005);
  }
}

TEST_F(Float8Test, AProductIsThatOfTheNumbersTheRowsStandFor) {
  const ScaledRows x = QuantizeRows(at::randn({9, 32}));
  const ScaledRows weight = QuantizeRows(at::randn({16, 32}));
  const at::Tensor exact =
      at::matmul(Dequantize(x).to(at::kDouble), Dequantize(weight).to(at::kDouble).t());
  EXPECT_LE(RelativeNorm(Product(x, weight, 0), exact), 0.003);  // bfloat16's rounding.
}

TEST_F(Float8Test, TilesGiveTheSameRows) {
  const ScaledRows x = QuantizeRows(at::randn({9, 32}));
  const ScaledRows weight = QuantizeRows(at::randn({16, 32}));
  const at::Tensor whole = Product(x, weight, 0);
  for (const int64_t tile : {1, 4, 9, 256}) {
    const at::Tensor tiled = Product(x, weight, tile);
    EXPECT_EQ(tiled.sizes(), whole.sizes());
    EXPECT_LE(RelativeNorm(tiled, whole.to(at::kDouble)), 0.005);
  }
}

TEST_F(Float8Test, RowsThatAreNotQuantisedAreMultipliedAsTheyAre) {
  const at::Tensor x = at::randn({5, 33});
  const at::Tensor weight = at::randn({7, 33});
  EXPECT_LE(MaxDifference(Product({x, {}}, {weight, {}}, 0),
                          at::matmul(x.to(at::kDouble), weight.to(at::kDouble).t())),
            1e-5);
}

}  // namespace
}  // namespace assay
