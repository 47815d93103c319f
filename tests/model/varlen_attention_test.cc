// What torch's kernel computes is proved by tests/bench/gpu/gpu_test.cc; here, what it is told: a plain form of the operator
// stands in for it on the CPU.
#include "model/varlen_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <tuple>
#include <vector>

#include "model/ops.h"

namespace assay {
namespace {

// aten::_flash_attention_forward by its definition, one sequence and head at a time, in float64.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> PlainFlashAttention(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
    const std::optional<at::Tensor>& query_bounds, const std::optional<at::Tensor>& key_bounds,
    c10::SymInt max_query, c10::SymInt max_keys, double, bool is_causal, bool,
    std::optional<double>, std::optional<c10::SymInt>, std::optional<c10::SymInt>,
    const std::optional<at::Tensor>&, const std::optional<at::Tensor>&) {
  TORCH_CHECK(is_causal && query_bounds->scalar_type() == at::kInt &&
              query_bounds->is_contiguous() && key_bounds->is_contiguous());
  TORCH_CHECK(q.stride(2) == 1 && k.stride(2) == 1 && v.stride(2) == 1);
  at::Tensor out = at::full(q.sizes(), NAN, q.options());
  const int64_t group = q.size(1) / k.size(1);
  for (int64_t s = 0; s + 1 < query_bounds->size(0); ++s) {
    const auto bounds = [s](const at::Tensor& all) {
      const auto* const at_s = all.const_data_ptr<int32_t>() + s;
      return RowRange{at_s[0], at_s[1]};
    };
    const RowRange queries = bounds(*query_bounds);
    const RowRange keys = bounds(*key_bounds);
    TORCH_CHECK(queries.size() <= max_query && keys.size() <= max_keys && keys.end <= k.size(0));
    const at::Tensor hidden = at::full({queries.size(), keys.size()},
                                       -std::numeric_limits<double>::infinity(), at::kDouble)
                                  .triu(keys.size() - queries.size() + 1);
    for (int64_t head = 0; head < q.size(1); ++head) {
      const auto rows = [](const at::Tensor& x, int64_t h, RowRange range) {
        return x.select(1, h).narrow(0, range.begin, range.size()).to(at::kDouble);
      };
      const at::Tensor logits = at::mm(rows(q, head, queries), rows(k, head / group, keys).t()) /
                                std::sqrt(static_cast<double>(q.size(2)));
      out.select(1, head)
          .narrow(0, queries.begin, queries.size())
          .copy_(at::mm(at::softmax(logits + hidden, -1), rows(v, head / group, keys)));
    }
  }
  return {out, out, out, out, out};
}

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_flash_attention_forward", PlainFlashAttention);
}

PackedBatch RandomBatch(std::mt19937& random, bool share) {
  std::vector<PromptGroup> groups(1 + random() % 5);
  for (PromptGroup& group : groups) {
    group.prefix.assign(random() % 40, 1);
    group.responses.resize(1 + random() % 4);
    for (EncodedResponse& response : group.responses) {
      response.tokens.resize(1 + random() % 20);
      for (TokenId& id : response.tokens) id = static_cast<TokenId>(random() % 3);
    }
  }
  return PackGroups(groups, share);
}

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

TEST(VarlenAttentionTest, IsAttentionWithinSegmentsInOneRunOrSeveral) {
  const c10::InferenceMode inference_mode;
  at::set_num_threads(1);  // Small products: threads would only wait for each other.
  at::manual_seed(1);
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    const PackedBatch batch = RandomBatch(random, round % 3 != 0);
    const PassPlan plan = PlanPass(batch, {0}, round % 2 == 0 ? kMaxRunKeys : 100);
    const int64_t rows = static_cast<int64_t>(batch.ids.size());
    // Views of one product, as the trunk has them.
    const at::Tensor qkv = at::randn({rows, 8, 16});
    const at::Tensor q = qkv.narrow(1, 0, 4), k = qkv.narrow(1, 4, 2), v = qkv.narrow(1, 6, 2);
    const at::Tensor found =
        VarlenAttention(q, k, v, plan.runs, at::tensor(plan.numbers, at::kInt));
    const at::Tensor expected =
        SegmentAttention(q, k, v, PlanAttention(batch.segments, at::kFloat, at::kCPU));
    EXPECT_LE((found - expected).abs().max().item<float>(), 1e-5) << round;
  }
}

}  // namespace
}  // namespace assay
