#include "model/heads.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HeadsTest : public ::testing::Test {
 protected:
  HeadsTest() { at::manual_seed(1); }

  // K objectives from H = 4, one hidden gate layer of 3.
  static GatedHeadWeights RandomHead(int64_t objectives, at::ScalarType dtype = at::kFloat) {
    GatedHeadWeights head;
    head.regression = at::randn({objectives, 4}).to(dtype);
    head.transform = at::randn({objectives, objectives}).to(dtype);
    head.gate = {{at::randn({3, 4}).to(dtype), at::randn({3}).to(dtype)},
                 {at::randn({objectives, 3}).to(dtype), at::randn({objectives}).to(dtype)}};
    head.logit_scale = at::full({1}, 1.25).to(dtype);
    return head;
  }
  // A gate that gives exactly `logits` for any row.
  static GatedHeadWeights HeadWithLogits(const std::vector<float>& logits) {
    const auto objectives = static_cast<int64_t>(logits.size());
    GatedHeadWeights head = RandomHead(objectives);
    head.gate = {{at::zeros({objectives, 4}), at::tensor(logits)}};
    return head;
  }
  static std::vector<float> Row(const at::Tensor& x, int64_t row = 0) {
    const at::Tensor values = x[row].contiguous();
    return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
  }

  const c10::InferenceMode inference_mode_;
};

// Every number below was worked out by hand.
TEST_F(HeadsTest, TheGatedHeadGivesTheNumbersOfAHandComputedExample) {
  GatedHeadWeights head;
  head.regression = at::tensor({1.f, 0.f, 0.f, 2.f}).view({2, 2});  // rewards = (h0, 2 h1)
  head.transform = at::tensor({1.f, 0.5f, 0.f, -1.f}).view({2, 2});
  // relu removes the second hidden unit; logits are (6, 4) and, over a temperature of 2, (3, 2).
  head.gate = {{at::tensor({1.f, 0.f, 0.f, 1.f}).view({2, 2}), at::tensor({1.f, -10.f})},
               {at::tensor({2.f, 7.f, 1.f, 7.f}).view({2, 2}), at::tensor({0.f, 1.f})}};
  head.logit_scale = at::full({1}, 1.5);
  const HeadOutputs outputs = GatedHead(head, 2.0, at::tensor({3.f, -1.f}).view({1, 2}),
                                        at::tensor({2.f, 5.f}).view({1, 2}), 0);
  const double first = 1.5 / (1 + std::exp(-1.0));  // softmax(3, 2) = (1, e^-1) / (1 + e^-1)
  const double second = 1.5 - first;
  EXPECT_FLOAT_EQ(Row(outputs.rewards)[0], 3);
  EXPECT_FLOAT_EQ(Row(outputs.rewards)[1], -2);
  EXPECT_FLOAT_EQ(Row(outputs.gating)[0], first);
  EXPECT_FLOAT_EQ(Row(outputs.gating)[1], second);
  // rewards x transform = (3 x 1, 3 x 0.5 + 2).
  EXPECT_FLOAT_EQ(outputs.score[0].item<float>(), first * 3 + second * 3.5);
  // gating x transpose(transform).
  EXPECT_FLOAT_EQ(Row(outputs.coefficients)[0], first + 0.5 * second);
  EXPECT_FLOAT_EQ(Row(outputs.coefficients)[1], -second);
}

TEST_F(HeadsTest, TheScoreIsTheSumOfRewardsTimesCoefficients) {
  const at::Tensor hidden = at::randn({50, 4});
  const HeadOutputs outputs = GatedHead(RandomHead(19), 10, hidden, at::randn({50, 4}), 0);
  const at::Tensor sum = (outputs.rewards * outputs.coefficients).sum(-1);
  EXPECT_LE((sum - outputs.score).abs().max().item<float>(), 1e-4);
}

TEST_F(HeadsTest, HugeGateLogitsChooseOneObjectiveAndStayFinite) {
  for (const std::vector<float>& logits :
       {std::vector<float>{1e4f, -1e4f, 0}, {-1e4f, -2e4f, -3e4f}}) {
    const HeadOutputs outputs =
        GatedHead(HeadWithLogits(logits), 1, at::randn({1, 4}), at::randn({1, 4}), 0);
    EXPECT_FLOAT_EQ(Row(outputs.gating)[0], 1.25);
    EXPECT_FLOAT_EQ(Row(outputs.gating)[1], 0);
    EXPECT_THAT(CheckedScores(outputs)[0], IsOk());
  }
}

TEST_F(HeadsTest, EqualLogitsShareTheGateEvenlyAndOneObjectiveHasItAll) {
  for (const float logit : {0.f, 1e4f, -1e4f}) {
    const HeadOutputs four = GatedHead(HeadWithLogits({logit, logit, logit, logit}), 10,
                                       at::randn({1, 4}), at::randn({1, 4}), 0);
    for (const float share : Row(four.gating)) EXPECT_FLOAT_EQ(share, 1.25f / 4);
    const HeadOutputs one =
        GatedHead(HeadWithLogits({logit}), 10, at::randn({1, 4}), at::randn({1, 4}), 0);
    EXPECT_FLOAT_EQ(Row(one.gating)[0], 1.25);
  }
}

TEST_F(HeadsTest, AHigherTemperatureFlattensTheGate) {
  const GatedHeadWeights head = HeadWithLogits({1, 0});
  const auto gap = [&](double temperature) {
    const auto gating =
        Row(GatedHead(head, temperature, at::randn({1, 4}), at::randn({1, 4}), 0).gating);
    return gating[0] - gating[1];
  };
  EXPECT_GT(gap(0.5), gap(1));
  EXPECT_GT(gap(1), gap(10));
}

TEST_F(HeadsTest, TheScalarHeadIsOneProduct) {
  const ScalarHeadWeights head = {at::tensor({1.f, -2.f, 0.5f}).view({1, 3})};
  const HeadOutputs outputs =
      ScalarHead(head, at::tensor({1.f, 2.f, 4.f, 0.f, 0.f, 8.f}).view({2, 3}), 0);
  const auto scores = CheckedScores(outputs);
  ASSERT_THAT(scores, SizeIs(2));
  EXPECT_FLOAT_EQ(scores[0]->score, -1);
  EXPECT_FLOAT_EQ(scores[1]->score, 4);
  EXPECT_THAT(scores[0]->rewards, IsEmpty());
  EXPECT_THAT(scores[0]->coefficients, IsEmpty());
}

TEST_F(HeadsTest, HeadsInBfloat16GiveNumbersOfBfloat16ButCoefficientsOfFloat32) {
  const HeadOutputs outputs =
      GatedHead(RandomHead(7, at::kBFloat16), 10, at::randn({20, 4}), at::randn({20, 4}), 0);
  const auto is_rounded = [](const at::Tensor& x) {
    return at::equal(x, x.to(at::kBFloat16).to(at::kFloat));
  };
  EXPECT_TRUE(is_rounded(outputs.score));
  EXPECT_TRUE(is_rounded(outputs.rewards));
  EXPECT_TRUE(is_rounded(outputs.gating));
  EXPECT_FALSE(is_rounded(outputs.coefficients));
}

TEST_F(HeadsTest, ARowsScoresHaveTheSameBitsInAnyCompany) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const GatedHeadWeights head = RandomHead(19, dtype);
    const at::Tensor reward = at::randn({40, 4});
    const at::Tensor gate = at::randn({40, 4});
    const HeadOutputs together = GatedHead(head, 10, reward, gate, 0);
    for (const int64_t row : {0, 13, 39}) {
      const HeadOutputs alone =
          GatedHead(head, 10, reward.narrow(0, row, 1), gate.narrow(0, row, 1), 0);
      EXPECT_TRUE(at::equal(alone.score, together.score.narrow(0, row, 1)));
      EXPECT_TRUE(at::equal(alone.coefficients, together.coefficients.narrow(0, row, 1)));
    }
  }
}

TEST_F(HeadsTest, ARowThatIsNotFiniteFailsAlone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  at::Tensor reward = at::randn({5, 4});
  at::Tensor gate = at::randn({5, 4});
  reward[1][2] = nan;
  gate[2][0] = nan;
  reward[3][0] = infinity;
  const auto scores = CheckedScores(GatedHead(RandomHead(3), 10, reward, gate, 0));
  ASSERT_THAT(scores, SizeIs(5));
  EXPECT_THAT(scores[0], IsOk());
  EXPECT_THAT(scores[1], StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(scores[2], StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(scores[3], StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(scores[4], IsOk());
}

}  // namespace
}  // namespace assay
