#include "model/kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "model/stored_numbers.h"

namespace assay {
namespace {

constexpr size_t kPanel = 8;

std::vector<float> RandomNumbers(size_t count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(engine);
  return numbers;
}

std::vector<StoredRow> RowsOf(const std::vector<float>& numbers, size_t depth) {
  std::vector<StoredRow> rows;
  for (size_t i = 0; i < numbers.size(); i += depth) {
    rows.push_back({reinterpret_cast<const char*>(&numbers[i]), TensorDtype::kFloat32});
  }
  return rows;
}

// Number k of column `column`, read back by the layout that the header gives.
template <typename T, size_t kDepth>
T At(const PackedMatrix& packed, size_t column, size_t k) {
  const T* const panel = reinterpret_cast<const T*>(packed.panel(column / kPanel));
  return panel[(k / kDepth * kPanel + column % kPanel) * kDepth + k % kDepth];
}

TEST(PackedMatrixTest, HoldsEveryNumberInItsPlaceAndZerosAround) {
  const std::vector<float> numbers = RandomNumbers(11 * 70, 1);
  const PackedMatrix floats = PackMatrix(Numbers::kFloat32, kPanel, 70, RowsOf(numbers, 70));
  const PackedMatrix halves = PackMatrix(Numbers::kBFloat16, kPanel, 70, RowsOf(numbers, 70));
  EXPECT_EQ(floats.columns, 16);
  EXPECT_EQ(floats.depth, 128);
  for (size_t column = 0; column < 16; ++column) {
    for (size_t k = 0; k < 128; ++k) {
      const float expected = column < 11 && k < 70 ? numbers[column * 70 + k] : 0.0f;
      ASSERT_EQ((At<float, 1>(floats, column, k)), expected);
      ASSERT_EQ((At<uint16_t, 2>(halves, column, k)), RoundToBFloat16(expected));
    }
  }
}

TEST(PackedMatrixTest, AnInt8ColumnReachesItsLargestNumberAndErrsByHalfAStepAtMost) {
  const std::vector<float> numbers = RandomNumbers(9 * 64, 2);
  const PackedMatrix packed = PackMatrix(Numbers::kInt8, kPanel, 64, RowsOf(numbers, 64));
  for (size_t column = 0; column < 9; ++column) {
    int32_t sum = 0, largest = 0;
    for (size_t k = 0; k < 64; ++k) {
      const int32_t byte = At<int8_t, 4>(packed, column, k);
      sum += byte;
      largest = std::max(largest, std::abs(byte));
      EXPECT_NEAR(static_cast<float>(byte) * packed.scales[column], numbers[column * 64 + k],
                  packed.scales[column] * 0.5001f);
    }
    EXPECT_EQ(largest, 127);
    EXPECT_EQ(packed.byte_sums[column], 128 * sum);
  }
  EXPECT_EQ(packed.scales[15], 0);
}

TEST(PackedMatrixTest, AWeightThatIsNoNumberMakesItsInt8ColumnNone) {
  for (float none :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> numbers = RandomNumbers(2 * 64, 4);
    numbers[70] = none;
    const PackedMatrix packed = PackMatrix(Numbers::kInt8, kPanel, 64, RowsOf(numbers, 64));
    EXPECT_TRUE(std::isfinite(packed.scales[0]));
    EXPECT_TRUE(std::isnan(packed.scales[1]));
  }
}

TEST(PackedMatrixTest, ARowThatIsNoneIsZero) {
  const std::vector<float> ones(64, 1.0f);
  const PackedMatrix packed =
      PackMatrix(Numbers::kFloat32, kPanel, 64, {StoredRow{}, RowsOf(ones, 64).front()});
  EXPECT_EQ((At<float, 1>(packed, 0, 5)), 0);
  EXPECT_EQ((At<float, 1>(packed, 1, 5)), 1);
}

}  // namespace
}  // namespace assay
