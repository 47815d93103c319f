// What the kernel computes is proved by tests/bench/gpu/gpu_test.cc, what it is told by pass_plan_test.cc.
#include "model/varlen_attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(VarlenAttentionTest, TakesWhatTheKernelCanRead) {
  const at::Device cuda(at::kCUDA, 0);
  EXPECT_TRUE(VarlenAttentionTakes(cuda, at::kBFloat16, 128));
  EXPECT_TRUE(VarlenAttentionTakes(cuda, at::kBFloat16, 8));
  EXPECT_TRUE(VarlenAttentionTakes(cuda, at::kBFloat16, 256));
  EXPECT_FALSE(VarlenAttentionTakes(cuda, at::kBFloat16, 264));
  EXPECT_FALSE(VarlenAttentionTakes(cuda, at::kBFloat16, 12));
  EXPECT_FALSE(VarlenAttentionTakes(cuda, at::kFloat, 128));
  EXPECT_FALSE(VarlenAttentionTakes(at::kCPU, at::kBFloat16, 128));
}

TEST(VarlenAttentionTest, WithoutTheKernelItThrows) {
  const at::Tensor x = at::zeros({2, 1, 8}, at::kBFloat16);
  PackedBatch batch;
  batch.ids = {7, 8};
  batch.positions = {0, 1};
  batch.segments = {{{0, 2}, {}}};
  const PassPlan plan = PlanPass(batch, {1});
  EXPECT_THROW(VarlenAttention(x, x, x, plan.runs, at::tensor(plan.numbers, at::kInt)), c10::Error);
}

}  // namespace
}  // namespace assay
