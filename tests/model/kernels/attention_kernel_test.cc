#include "model/kernels/attention_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "model/stored_numbers.h"
#include "tests/model/kernels/instruction_sets.h"

namespace assay {
namespace {

using ::assay::testing::InstructionSets;
using ::assay::testing::InstructionSetTest;
using ::assay::testing::NameOfSet;

// Random q, k and v of `rows` rows.
struct Inputs {
  Inputs(const AttentionShape& shape, size_t rows, uint32_t seed) : shape(shape), rows(rows) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, 1.5f);
    const auto fill = [&](size_t heads, std::vector<float>& floats, std::vector<uint16_t>& halves) {
      floats.resize(rows * heads * shape.head_dim);
      halves.resize(floats.size());
      for (size_t i = 0; i < floats.size(); ++i) {
        halves[i] = RoundToBFloat16(normal(engine));
        ToFloat32(TensorDtype::kBFloat16, reinterpret_cast<const char*>(&halves[i]), 1, &floats[i]);
      }
    };
    fill(shape.heads, q, q_halves);
    fill(shape.key_heads, k, k_halves);
    fill(shape.key_heads, v, v_halves);
  }

  // All heads' results of the queries, [rows, A x D] as float32; zero for rows that no query stands for.
  std::vector<float> Run(const std::vector<AttentionQuery>& queries,
                         const std::vector<int32_t>& key_rows) const {
    const bool is_float = shape.numbers == Numbers::kFloat32;
    const size_t stride = shape.heads * shape.head_dim;
    std::vector<float> floats(rows * stride, 0.0f);
    std::vector<uint16_t> halves(rows * stride, 0);
    for (size_t head = 0; head < shape.key_heads; ++head) {
      if (is_float) {
        Attend(shape, head, queries, key_rows, q.data(), k.data(), v.data(), floats.data(), stride);
      } else {
        Attend(shape, head, queries, key_rows, q_halves.data(), k_halves.data(), v_halves.data(),
               halves.data(), stride);
      }
    }
    if (!is_float) {
      ToFloat32(TensorDtype::kBFloat16, reinterpret_cast<const char*>(halves.data()), halves.size(),
                floats.data());
    }
    return floats;
  }

  // One number of one query head, in double.
  double Expected(int64_t row, size_t head, size_t column, const std::vector<int32_t>& key_rows,
                  int64_t visible) const {
    const size_t dim = shape.head_dim;
    const size_t key_head = head / (shape.heads / shape.key_heads);
    std::vector<double> logits;
    for (int64_t i = 0; i < visible; ++i) {
      double dot = 0;
      for (size_t d = 0; d < dim; ++d) {
        dot += static_cast<double>(q[(row * shape.heads + head) * dim + d]) *
               k[(key_rows[i] * shape.key_heads + key_head) * dim + d];
      }
      logits.push_back(dot / std::sqrt(static_cast<double>(dim)));
    }
    const double top = *std::max_element(logits.begin(), logits.end());
    double total = 0, sum = 0;
    for (int64_t i = 0; i < visible; ++i) {
      const double p = std::exp(logits[i] - top);
      total += p;
      sum += p * v[(key_rows[i] * shape.key_heads + key_head) * dim + column];
    }
    return sum / total;
  }

  AttentionShape shape;
  size_t rows;
  std::vector<float> q, k, v;
  std::vector<uint16_t> q_halves, k_halves, v_halves;
};

// One sequence of all rows in order: query i sees keys 0..i.
std::vector<AttentionQuery> Causal(int32_t rows) {
  std::vector<AttentionQuery> queries;
  for (int32_t row = 0; row < rows; ++row) queries.push_back({row, row + 1});
  return queries;
}
std::vector<int32_t> InOrder(int32_t rows) {
  std::vector<int32_t> key_rows(rows);
  std::iota(key_rows.begin(), key_rows.end(), 0);
  return key_rows;
}

class AttentionKernelTest : public InstructionSetTest {};

TEST_P(AttentionKernelTest, IsSoftmaxOfTheLogitsTimesTheValuesForEveryShape) {
  for (Numbers numbers : {Numbers::kFloat32, Numbers::kBFloat16}) {
    for (const AttentionShape& shape :
         {AttentionShape{4, 2, 16, numbers}, AttentionShape{3, 3, 10, numbers},
          AttentionShape{9, 3, 64, numbers}, AttentionShape{4, 1, 24, numbers},
          AttentionShape{2, 1, 128, numbers}}) {
      const Inputs inputs(shape, 150, 1);
      const std::vector<int32_t> key_rows = InOrder(150);
      const std::vector<float> out = inputs.Run(Causal(150), key_rows);
      for (int64_t row : {0, 1, 5, 63, 64, 65, 127, 128, 149}) {
        for (size_t head = 0; head < shape.heads; ++head) {
          for (size_t column = 0; column < shape.head_dim; ++column) {
            const double expected = inputs.Expected(row, head, column, key_rows, row + 1);
            ASSERT_NEAR(out[(row * shape.heads + head) * shape.head_dim + column], expected,
                        numbers == Numbers::kFloat32 ? 3e-6 : 0.02)
                << "head size " << shape.head_dim << " row " << row;
          }
        }
      }
    }
  }
}

TEST_P(AttentionKernelTest, KeysAreTakenFromWhereverTheirRowsAre) {
  const AttentionShape shape{4, 2, 16, Numbers::kFloat32};
  const Inputs inputs(shape, 100, 2);
  std::vector<int32_t> key_rows = InOrder(100);
  std::shuffle(key_rows.begin(), key_rows.end(), std::mt19937(3));
  const std::vector<float> out = inputs.Run({{7, 80}, {3, 1}, {99, 100}}, key_rows);
  for (const auto& [row, visible] : {std::pair{7, 80}, {3, 1}, {99, 100}}) {
    EXPECT_NEAR(out[row * 64 + 20], inputs.Expected(row, 1, 4, key_rows, visible), 3e-6);
  }
  EXPECT_EQ(out[8 * 64], 0);
}

TEST_P(AttentionKernelTest, AQuerysBitsDoNotDependOnTheQueriesAskedWithIt) {
  for (Numbers numbers : {Numbers::kFloat32, Numbers::kBFloat16}) {
    const AttentionShape shape{6, 2, 64, numbers};
    const Inputs inputs(shape, 200, 4);
    const std::vector<int32_t> key_rows = InOrder(200);
    const std::vector<float> together = inputs.Run(Causal(200), key_rows);
    std::mt19937 engine(5);
    for (int round = 0; round < 20; ++round) {
      std::vector<AttentionQuery> some;
      const int32_t first = static_cast<int32_t>(engine() % 200);
      for (int32_t row = first; row < 200; row += 1 + static_cast<int32_t>(engine() % 9)) {
        some.push_back({row, row + 1});
      }
      const std::vector<float> out = inputs.Run(some, key_rows);
      for (const AttentionQuery& query : some) {
        ASSERT_EQ(0, std::memcmp(&out[query.row * 384], &together[query.row * 384], 384 * 4));
      }
    }
  }
}

TEST_P(AttentionKernelTest, LogitsFarApartNeitherOverflowNorVanish) {
  const AttentionShape shape{1, 1, 16, Numbers::kFloat32};
  Inputs inputs(shape, 130, 6);
  for (float& number : inputs.q) number *= 300;
  const std::vector<int32_t> key_rows = InOrder(130);
  const std::vector<float> out = inputs.Run(Causal(130), key_rows);
  for (int64_t row : {0, 64, 129}) {
    EXPECT_NEAR(out[row * 16 + 3], inputs.Expected(row, 0, 3, key_rows, row + 1), 2e-4);
  }
}

TEST_P(AttentionKernelTest, AKeyThatIsNoNumberReachesWhoSeesItAndNobodyBeforeItsTile) {
  const AttentionShape shape{1, 1, 16, Numbers::kFloat32};
  Inputs inputs(shape, 40, 7);
  const std::vector<float> before = inputs.Run(Causal(40), InOrder(40));
  inputs.k[20 * 16] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> after = inputs.Run(Causal(40), InOrder(40));
  EXPECT_EQ(0, std::memcmp(after.data(), before.data(), 12 * 16 * 4));
  for (int64_t row = 20; row < 40; ++row) EXPECT_TRUE(std::isnan(after[row * 16 + 2])) << row;
}

INSTANTIATE_TEST_SUITE_P(Sets, AttentionKernelTest, ::testing::ValuesIn(InstructionSets()),
                         NameOfSet);

}  // namespace
}  // namespace assay
