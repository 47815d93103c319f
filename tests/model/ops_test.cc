#include "model/ops.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "tests/model/tiny_checkpoint.h"

namespace assay {
namespace {

using ::assay::testing::TinyScalarConfig;

class OpsTest : public ::testing::Test {
 protected:
  OpsTest() { at::manual_seed(1); }

  static double MaxDifference(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  }
  static at::Tensor RowsOf(const at::Tensor& x, int64_t begin, int64_t end) {
    return x.narrow(0, begin, end - begin);
  }

  const c10::InferenceMode inference_mode_;
};

TEST_F(OpsTest, RmsNormIsTheFormulaAndRoundsOnce) {
  const at::Tensor x = at::randn({70, 45}) * 3;
  const at::Tensor weight = at::randn({45});
  const at::Tensor exact = x.to(at::kDouble);
  const at::Tensor expected =
      exact / (exact.square().mean(-1, true) + 1e-3).sqrt() * weight.to(at::kDouble);
  EXPECT_LE(MaxDifference(RmsNorm(x, weight, 1e-3, at::kFloat), expected), 2e-6);
  EXPECT_TRUE(at::equal(RmsNorm(x, weight, 1e-3, at::kBFloat16),
                        RmsNorm(x, weight, 1e-3, at::kFloat).to(at::kBFloat16)));
}

TEST_F(OpsTest, RmsNormOfZerosIsZeroAndOfHugeNumbersFinite) {
  EXPECT_EQ(RmsNorm(at::zeros({1, 8}), at::ones({8}), 1e-5, at::kFloat).abs().max().item<float>(),
            0);
  EXPECT_NEAR(RmsNorm(at::full({1, 8}, 1e18), at::ones({8}), 1e-5, at::kFloat).max().item<float>(),
              1, 1e-6);
}

TEST_F(OpsTest, LinearIsTheProductWithTheTransposedWeight) {
  const at::Tensor x = at::randn({5, 33});
  const at::Tensor weight = at::randn({7, 33});
  const at::Tensor expected = at::matmul(x.to(at::kDouble), weight.to(at::kDouble).t());
  EXPECT_LE(MaxDifference(Linear(x, weight, 0), expected), 1e-5);
  EXPECT_LE(MaxDifference(Linear(x, weight, 2), expected), 1e-5);
  EXPECT_EQ(Linear(x, weight, 2).sizes(), at::IntArrayRef({5, 7}));
}

// The promise behind batch invariance, on the shapes of small and middle-sized models.
TEST_F(OpsTest, ARowsProductHasTheSameBitsInAnyCompany) {
  for (const at::ScalarType dtype : {at::kBFloat16, at::kFloat}) {
    for (const auto& [in, out] :
         {std::pair{48, 90}, {576, 192}, {576, 1536}, {1536, 576}, {19, 19}, {90, 5}, {24, 1}}) {
      const at::Tensor x = at::randn({300, in}).to(dtype);
      const at::Tensor weight = at::randn({out, in}).to(dtype);
      const at::Tensor together = Linear(x, weight, 0);
      for (const auto& [begin, end] :
           {std::pair{0, 1}, {7, 8}, {299, 300}, {3, 18}, {10, 26}, {1, 66}, {100, 300}}) {
        EXPECT_TRUE(at::equal(RowsOf(together, begin, end),
                              Linear(RowsOf(x, begin, end).contiguous(), weight, 0)))
            << dtype << " " << in << "x" << out << " rows " << begin << ".." << end;
      }
    }
  }
}

TEST_F(OpsTest, SwiGluIsTheFormulaAlsoForLargeInputs) {
  const at::Tensor gate = at::tensor({-1e4f, -90.f, -1.f, 0.f, 0.5f, 90.f, 1e4f}).unsqueeze(0);
  const at::Tensor up = at::full({1, 7}, 2.0);
  const at::Tensor exact = gate.to(at::kDouble);
  const at::Tensor expected = exact / (1 + (-exact).exp()) * 2;
  const at::Tensor found = SwiGlu(gate, up);
  EXPECT_LE(((found - expected).abs() / (expected.abs() + 1e-3)).max().item<double>(), 1e-6);
  EXPECT_EQ(SwiGlu(gate.to(at::kBFloat16), up.to(at::kBFloat16)).scalar_type(), at::kBFloat16);
}

// Independent of the table: a pair of a head is a complex number, turned by a power of e.
at::Tensor RotatedByComplexNumbers(const at::Tensor& x, const std::vector<int64_t>& positions,
                                   const std::vector<double>& frequencies) {
  const at::Tensor out = at::empty(x.sizes(), at::kDouble);
  const int64_t half = x.size(2) / 2;
  for (int64_t row = 0; row < x.size(0); ++row) {
    for (int64_t head = 0; head < x.size(1); ++head) {
      for (int64_t i = 0; i < half; ++i) {
        const std::complex<double> pair(x[row][head][i].item<double>(),
                                        x[row][head][i + half].item<double>());
        const auto turned = pair * std::polar(1.0, positions[row] * frequencies[i]);
        out[row][head][i] = turned.real();
        out[row][head][i + half] = turned.imag();
      }
    }
  }
  return out;
}

at::Tensor RotatedByTable(const at::Tensor& x, const std::vector<int64_t>& positions,
                          const ModelConfig& config) {
  const RotaryTable table = MakeRotaryTable(config, at::kCPU);
  const at::Tensor at_positions = at::tensor(positions, at::kLong);
  return Rotate(x, table.cos.index_select(0, at_positions),
                table.sin.index_select(0, at_positions));
}

TEST_F(OpsTest, RotateTurnsEachPairByItsPositionTimesItsFrequency) {
  const ModelConfig config = TinyScalarConfig();
  const at::Tensor x = at::randn({4, 3, config.head_dim});
  const std::vector<int64_t> positions = {0, 1, 77, 127};
  std::vector<double> frequencies;
  for (int64_t i = 0; i < config.head_dim / 2; ++i) {
    frequencies.push_back(std::pow(config.rope_theta, -2.0 * i / config.head_dim));
  }
  // 127 radians in float32 are exact to 4e-6.
  EXPECT_LE(MaxDifference(RotatedByTable(x, positions, config),
                          RotatedByComplexNumbers(x, positions, frequencies)),
            2e-5);
  EXPECT_TRUE(at::equal(RotatedByTable(x, {0, 0, 0, 0}, config), x));
}

// Attention written out row by row in double.
at::Tensor NaiveAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          const std::vector<PackedSegment>& segments) {
  const int64_t group = q.size(1) / k.size(1);
  const at::Tensor out = at::zeros({q.size(0), q.size(1), q.size(2)}, at::kDouble);
  for (const PackedSegment& segment : segments) {
    for (int64_t row = segment.own.begin; row < segment.own.end; ++row) {
      std::vector<int64_t> visible;
      for (const RowRange& range : segment.prefix) {
        for (int64_t i = range.begin; i < range.end; ++i) visible.push_back(i);
      }
      for (int64_t i = segment.own.begin; i <= row; ++i) visible.push_back(i);
      const at::Tensor at_rows = at::tensor(visible, at::kLong);
      for (int64_t head = 0; head < q.size(1); ++head) {
        const at::Tensor keys = k.select(1, head / group).index_select(0, at_rows).to(at::kDouble);
        const at::Tensor values =
            v.select(1, head / group).index_select(0, at_rows).to(at::kDouble);
        const at::Tensor logits =
            at::mv(keys, q[row][head].to(at::kDouble)) / std::sqrt(double(q.size(2)));
        out[row][head].copy_(at::mv(values.t(), at::softmax(logits, 0)));
      }
    }
  }
  return out.flatten(1);
}

TEST_F(OpsTest, EachRowAttendsToItsPrefixAndToItsOwnRowsUpToItself) {
  // A prefix with two responses, one of them next to it; a sequence without; a prefix that is longer than its response; a
  // prefix of two segments that are not neighbours.
  const std::vector<PackedSegment> segments = {
      {{0, 5}, {}},           {{5, 9}, {{0, 5}}},
      {{9, 16}, {{0, 5}}},    {{16, 19}, {}},
      {{19, 58}, {}},         {{58, 59}, {{19, 58}}},
      {{59, 60}, {{19, 58}}}, {{60, 61}, {{0, 5}, {9, 16}}}};
  for (const int64_t key_heads : {1, 2, 4}) {
    const at::Tensor q = at::randn({61, 4, 10});
    const at::Tensor k = at::randn({61, key_heads, 10});
    const at::Tensor v = at::randn({61, key_heads, 10});
    const AttentionPlan plan = PlanAttention(segments, at::kFloat, at::kCPU);
    EXPECT_LE(MaxDifference(SegmentAttention(q, k, v, plan), NaiveAttention(q, k, v, segments)),
              2e-6);
    const auto half = [](const at::Tensor& x) { return x.to(at::kBFloat16); };
    EXPECT_LE(MaxDifference(SegmentAttention(half(q), half(k), half(v),
                                             PlanAttention(segments, at::kBFloat16, at::kCPU)),
                            NaiveAttention(half(q), half(k), half(v), segments)),
              0.02);
  }
}

}  // namespace
}  // namespace assay
