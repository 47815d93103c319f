#include "model/kernels/row_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <vector>

#include "model/stored_numbers.h"
#include "tests/model/kernels/instruction_sets.h"

namespace assay {
namespace {

using ::assay::testing::InstructionSets;
using ::assay::testing::InstructionSetTest;
using ::assay::testing::NameOfSet;

std::vector<float> RandomRow(size_t count, uint32_t seed, float scale = 1) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> row(count);
  for (float& number : row) number = normal(engine);
  return row;
}

std::vector<float> Padded(std::vector<float> row) {
  row.resize(PaddedDepth(row.size()), 0.0f);
  return row;
}

class RowKernelsTest : public InstructionSetTest {};

TEST_P(RowKernelsTest, RmsNormIsTheFormulaAndRoundsOnce) {
  for (size_t hidden : {1, 45, 64, 576}) {
    const std::vector<float> x = Padded(RandomRow(hidden, 1, 3));
    const std::vector<float> weight = Padded(RandomRow(hidden, 2));
    std::vector<float> out(x.size());
    std::vector<uint16_t> halves(x.size());
    RmsNormRow(x.data(), weight.data(), hidden, x.size(), 1e-3f, Numbers::kFloat32, out.data());
    RmsNormRow(x.data(), weight.data(), hidden, x.size(), 1e-3f, Numbers::kBFloat16, halves.data());
    double squares = 0;
    for (float number : x) squares += static_cast<double>(number) * number;
    const double scale = 1 / std::sqrt(squares / hidden + 1e-3);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(out[i], x[i] * scale * weight[i], 3e-6);
      EXPECT_EQ(halves[i], RoundToBFloat16(out[i]));
    }
  }
}

TEST_P(RowKernelsTest, RmsNormOfZerosIsZeroAndOfHugeNumbersFinite) {
  const std::vector<float> ones(64, 1.0f), huge(64, 1e18f), zeros(64, 0.0f);
  std::vector<float> out(64);
  RmsNormRow(zeros.data(), ones.data(), 64, 64, 1e-5f, Numbers::kFloat32, out.data());
  EXPECT_EQ(out, zeros);
  RmsNormRow(huge.data(), ones.data(), 64, 64, 1e-5f, Numbers::kFloat32, out.data());
  EXPECT_NEAR(out[63], 1, 1e-6);
}

TEST_P(RowKernelsTest, QuantizeReachesTheLargestNumberAndErrsByHalfAStepAtMost) {
  for (Numbers kind : {Numbers::kFloat32, Numbers::kBFloat16}) {
    std::vector<float> x = RandomRow(128, 3);
    std::vector<uint16_t> halves(128);
    for (size_t i = 0; i < 128; ++i) {
      halves[i] = RoundToBFloat16(x[i]);
      if (kind == Numbers::kBFloat16) {
        ToFloat32(TensorDtype::kBFloat16, reinterpret_cast<const char*>(&halves[i]), 1, &x[i]);
      }
    }
    std::vector<uint8_t> bytes(128);
    const void* const from = kind == Numbers::kFloat32 ? static_cast<const void*>(x.data())
                                                       : static_cast<const void*>(halves.data());
    const float scale = QuantizeRow(from, kind, 128, bytes.data());
    int largest = 0;
    for (size_t i = 0; i < 128; ++i) {
      const int number = int{bytes[i]} - 128;
      largest = std::max(largest, std::abs(number));
      EXPECT_NEAR(static_cast<float>(number) * scale, x[i], scale * 0.5001f);
    }
    EXPECT_EQ(largest, 127);
  }
}

TEST_P(RowKernelsTest, QuantizeTellsOfNumbersThatAreNone) {
  std::vector<uint8_t> bytes(64);
  std::vector<float> x(64, 0.0f);
  EXPECT_EQ(QuantizeRow(x.data(), Numbers::kFloat32, 64, bytes.data()), 0);
  EXPECT_EQ(bytes, std::vector<uint8_t>(64, 128));
  for (float none :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (size_t at : {0, 17, 63}) {
      x.assign(64, 1.0f);
      x[at] = none;
      EXPECT_FALSE(std::isfinite(QuantizeRow(x.data(), Numbers::kFloat32, 64, bytes.data())));
    }
  }
}

TEST_P(RowKernelsTest, RotateTurnsEachPairAsAComplexNumberAndRoundsOnce) {
  for (size_t head_dim : {2, 10, 24, 64, 128}) {
    const size_t half = head_dim / 2;
    const std::vector<float> x = RandomRow(3 * head_dim, 4);
    const std::vector<float> angles = RandomRow(half, 5, 2);
    std::vector<float> cos, sin, out(x.size());
    for (float angle : angles) cos.push_back(std::cos(angle)), sin.push_back(std::sin(angle));
    std::vector<uint16_t> halves(x.size());
    RotateRow(x.data(), cos.data(), sin.data(), 3, head_dim, Numbers::kFloat32, out.data());
    RotateRow(x.data(), cos.data(), sin.data(), 3, head_dim, Numbers::kBFloat16, halves.data());
    for (size_t head = 0; head < 3; ++head) {
      for (size_t i = 0; i < half; ++i) {
        const size_t first = head * head_dim + i, second = first + half;
        const auto turned = std::complex<double>(x[first], x[second]) *
                            std::polar(1.0, static_cast<double>(angles[i]));
        EXPECT_NEAR(out[first], turned.real(), 1e-6);
        EXPECT_NEAR(out[second], turned.imag(), 1e-6);
        EXPECT_EQ(halves[first], RoundToBFloat16(out[first]));
        EXPECT_EQ(halves[second], RoundToBFloat16(out[second]));
      }
    }
  }
}

TEST_P(RowKernelsTest, RoundingIsToNearestAndTiesToEvenWithEveryLength) {
  std::vector<float> x = {
      1.00390625f, 1.01171875f, -1.00390625f, 3.4e38f, std::numeric_limits<float>::infinity(),
      0.0f,        -0.0f};
  const std::vector<float> more = RandomRow(40, 6, 1e10);
  x.insert(x.end(), more.begin(), more.end());
  for (size_t count = 1; count <= x.size(); ++count) {
    std::vector<uint16_t> halves(count);
    RoundRow(x.data(), count, Numbers::kBFloat16, halves.data());
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(halves[i], RoundToBFloat16(x[i])) << x[i];
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  uint16_t bits;
  RoundRow(&nan, 1, Numbers::kBFloat16, &bits);
  EXPECT_GT(bits & 0x7FFF, 0x7F80);
}

INSTANTIATE_TEST_SUITE_P(Sets, RowKernelsTest, ::testing::ValuesIn(InstructionSets()), NameOfSet);

}  // namespace
}  // namespace assay
