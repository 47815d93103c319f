#include "model/kernels/products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "model/stored_numbers.h"
#include "tests/model/kernels/instruction_sets.h"

namespace assay {
namespace {

using ::assay::testing::InstructionSets;
using ::assay::testing::InstructionSetTest;
using ::assay::testing::NameOfSet;

float FromBits(uint16_t bits) {
  float value;
  ToFloat32(TensorDtype::kBFloat16, reinterpret_cast<const char*>(&bits), 1, &value);
  return value;
}

// A random product: rows [R, depth] and a matrix of `columns`, as float32 and in the numbers of the product.
struct Case {
  Case(Numbers numbers, size_t rows, size_t depth, size_t columns, uint32_t seed)
      : depth(depth), columns(columns) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal;
    left.resize(rows * depth);
    right.resize(columns * depth);
    for (float& number : left) number = normal(engine);
    for (float& number : right) number = normal(engine) / std::sqrt(static_cast<float>(depth));
    std::vector<StoredRow> stored;
    for (size_t i = 0; i < columns; ++i) {
      stored.push_back({reinterpret_cast<const char*>(&right[i * depth]), TensorDtype::kFloat32});
    }
    matrix = PackMatrix(numbers, PanelColumns(), depth, stored);
    const size_t bytes = BytesOf(numbers);
    data.assign(rows * matrix.depth * bytes, 0);
    scales.assign(rows, 0.0f);
    for (size_t i = 0; i < rows; ++i) {
      char* const to = data.data() + i * matrix.depth * bytes;
      if (numbers == Numbers::kFloat32) std::memcpy(to, &left[i * depth], depth * 4);
      if (numbers == Numbers::kBFloat16) {
        for (size_t k = 0; k < depth; ++k) {
          const uint16_t bits = RoundToBFloat16(left[i * depth + k]);
          std::memcpy(to + 2 * k, &bits, 2);
        }
      }
      if (numbers == Numbers::kInt8) {
        scales[i] = 3.0f / 127;
        std::fill(to, to + matrix.depth, static_cast<char>(128));
        for (size_t k = 0; k < depth; ++k) {
          const float byte = std::nearbyint(left[i * depth + k] / scales[i]);
          to[k] = static_cast<char>(
              static_cast<uint8_t>(std::min(std::max(byte, -127.0f), 127.0f) + 128));
        }
      }
    }
    rounds_to_half = numbers == Numbers::kBFloat16;
    is_int8 = numbers == Numbers::kInt8;
  }

  ProductRows Rows(size_t begin, size_t count) const {
    const size_t bytes = BytesOf(matrix.numbers);
    return {data.data() + begin * matrix.depth * bytes, matrix.depth, count, &scales[begin]};
  }

  // From the numbers as they are stored, in double.
  double Expected(size_t row, size_t column) const {
    double sum = 0;
    for (size_t k = 0; k < depth; ++k) {
      float a = left[row * depth + k], b = right[column * depth + k];
      if (rounds_to_half) a = FromBits(RoundToBFloat16(a)), b = FromBits(RoundToBFloat16(b));
      if (is_int8) {
        const int byte = static_cast<uint8_t>(data[row * matrix.depth + k]);
        a = static_cast<float>(byte - 128) * scales[row];
        const size_t panel = matrix.panel_columns;
        const size_t at = (k / 4 * panel + column % panel) * 4 + k % 4;
        b = static_cast<float>(static_cast<int8_t>(matrix.panel(column / panel)[at])) *
            matrix.scales[column];
      }
      sum += static_cast<double>(a) * b;
    }
    return sum;
  }

  std::vector<float> left, right;
  size_t depth, columns;
  PackedMatrix matrix;
  std::vector<char> data;
  std::vector<float> scales;
  bool rounds_to_half, is_int8;
};

std::vector<Numbers> KindsHere() {
  std::vector<Numbers> kinds = {Numbers::kFloat32, Numbers::kBFloat16};
  if (HasInt8Products()) kinds.push_back(Numbers::kInt8);
  return kinds;
}

class ProductsTest : public InstructionSetTest {};

TEST_P(ProductsTest, AreTheSumsOfTheProductsForAnyNumberOfRowsAndAnyDepth) {
  for (Numbers kind : KindsHere()) {
    for (const auto& [rows, depth, columns] : {std::tuple<size_t, size_t, size_t>{1, 5, 3},
                                               {7, 90, 70},
                                               {23, 130, 129},
                                               {5, 4500, 17}}) {
      const Case c(kind, rows, depth, columns, 1);
      std::vector<float> out(rows * c.matrix.columns, -1.0f);
      Multiply(c.Rows(0, rows), c.matrix, 0, c.matrix.panels(), out.data(), c.matrix.columns);
      for (size_t i = 0; i < rows; ++i) {
        for (size_t j = 0; j < c.matrix.columns; ++j) {
          const double expected = j < columns ? c.Expected(i, j) : 0.0;
          ASSERT_NEAR(out[i * c.matrix.columns + j], expected, 3e-6 * std::sqrt(depth))
              << static_cast<int>(kind) << " " << rows << "x" << depth << "x" << columns;
        }
      }
    }
  }
}

TEST_P(ProductsTest, ARowHasTheSameBitsInAnyCompany) {
  for (Numbers kind : KindsHere()) {
    for (size_t depth : {576, 2500}) {
      const Case c(kind, 50, depth, 100, 2);
      const size_t columns = c.matrix.columns;
      std::vector<float> together(50 * columns);
      Multiply(c.Rows(0, 50), c.matrix, 0, c.matrix.panels(), together.data(), columns);
      for (const auto& [begin, count] :
           {std::pair<size_t, size_t>{0, 1}, {3, 5}, {7, 13}, {49, 1}, {10, 40}}) {
        std::vector<float> some(count * columns);
        Multiply(c.Rows(begin, count), c.matrix, 0, c.matrix.panels(), some.data(), columns);
        EXPECT_EQ(0, std::memcmp(some.data(), &together[begin * columns], some.size() * 4));
      }
    }
  }
}

TEST_P(ProductsTest, SomePanelsAreTheSameAsAll) {
  const Case c(Numbers::kBFloat16, 9, 70, 200, 3);
  const size_t columns = c.matrix.columns, panel = c.matrix.panel_columns;
  std::vector<float> all(9 * columns), second(9 * panel);
  Multiply(c.Rows(0, 9), c.matrix, 0, c.matrix.panels(), all.data(), columns);
  Multiply(c.Rows(0, 9), c.matrix, 1, 2, second.data(), panel);
  for (size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(0, std::memcmp(&second[i * panel], &all[i * columns + panel], panel * 4));
  }
}

TEST_P(ProductsTest, AddToWhatIsThere) {
  for (Numbers kind : KindsHere()) {
    const Case c(kind, 8, 64, 64, 4);
    const size_t columns = c.matrix.columns;
    std::vector<float> product(8 * columns), x(8 * columns, 0.5f);
    Multiply(c.Rows(0, 8), c.matrix, 0, c.matrix.panels(), product.data(), columns);
    MultiplyAdd(c.Rows(0, 8), c.matrix, x.data(), columns);
    for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(x[i], product[i] + 0.5f);
  }
}

TEST_P(ProductsTest, SwiGluIsTheFormulaAlsoForLargeNumbersAndRoundsOnce) {
  const size_t half = PanelColumns() / 2;
  // One panel: gate times `scale`, and up.
  for (float scale : {1.0f, 100.0f, 1e4f}) {
    Case c(Numbers::kFloat32, 7, 64, 2 * half, 5);
    for (float& number : c.left) number *= scale;
    std::memcpy(c.data.data(), c.left.data(), c.left.size() * 4);
    std::vector<float> floats(7 * half);
    std::vector<uint16_t> halves(7 * half);
    MultiplySwiGlu(c.Rows(0, 7), c.matrix, Numbers::kFloat32, floats.data(), half);
    MultiplySwiGlu(c.Rows(0, 7), c.matrix, Numbers::kBFloat16, halves.data(), half);
    for (size_t i = 0; i < 7; ++i) {
      for (size_t j = 0; j < half; ++j) {
        const double gate = c.Expected(i, j), up = c.Expected(i, j + half);
        const double expected = gate / (1 + std::exp(-gate)) * up;
        EXPECT_NEAR(floats[i * half + j], expected, 1e-5 * scale * scale);
        EXPECT_EQ(halves[i * half + j], RoundToBFloat16(floats[i * half + j]));
      }
    }
  }
}

TEST_P(ProductsTest, ANumberThatIsNoneStaysInItsRow) {
  for (Numbers kind : {Numbers::kFloat32, Numbers::kBFloat16}) {
    Case c(kind, 6, 64, 64, 6);
    const size_t columns = c.matrix.columns, bytes = BytesOf(kind);
    std::vector<float> before(6 * columns), after(6 * columns);
    Multiply(c.Rows(0, 6), c.matrix, 0, c.matrix.panels(), before.data(), columns);
    std::memset(c.data.data() + (2 * c.matrix.depth + 9) * bytes, 0xFF, bytes);  // NaN.
    Multiply(c.Rows(0, 6), c.matrix, 0, c.matrix.panels(), after.data(), columns);
    for (size_t i = 0; i < 6; ++i) {
      for (size_t j = 0; j < 64; ++j) {
        const float found = after[i * columns + j];
        EXPECT_TRUE(i == 2 ? std::isnan(found) : found == before[i * columns + j]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, ProductsTest, ::testing::ValuesIn(InstructionSets()), NameOfSet);

}  // namespace
}  // namespace assay
