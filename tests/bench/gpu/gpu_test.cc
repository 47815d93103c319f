// What only a GPU can prove: kernels, attention and 8-bit products against the compositions that stand for them elsewhere,
// and a whole model against the CPU's. Needs CUDA device 0; fails without one. See README.md beside this file.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>
#include <vector>

#include "model/cuda_kernels.h"
#include "model/device_stream.h"
#include "model/devices.h"
#include "model/float8.h"
#include "model/fused_ops.h"
#include "model/ops.h"
#include "model/pass_plan.h"
#include "model/reward_model.h"
#include "model/varlen_attention.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::RandomTensors;
using ::assay::testing::TinyGatedConfig;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFolder;

const at::Device kGpu(at::kCUDA, 0);

class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(ResolveDevices({"cuda:0"}), IsOk());
    at::manual_seed(1);
  }

  static at::Tensor OnGpu(at::IntArrayRef shape, at::ScalarType dtype, double scale = 1) {
    return (at::randn(shape) * scale).to(dtype).to(kGpu);
  }
  // Of the difference, over that of `expected`; NaN where either is not finite.
  static double RelativeNorm(const at::Tensor& found, const at::Tensor& expected) {
    const at::Tensor exact = expected.to(at::kCPU, at::kDouble);
    return ((found.to(at::kCPU, at::kDouble) - exact).norm() / exact.norm()).item<double>();
  }
  static double RelativeNorm(const ScaledRows& found, const ScaledRows& expected) {
    return RelativeNorm(Dequantize(found), Dequantize(expected));
  }

  const c10::InferenceMode inference_mode_;
};

// bfloat16 or float8 results may round to the neighbour where float32 sums differ in their last bits.
double Allowed(at::ScalarType dtype) {
  if (dtype == at::kFloat) return 2e-6;
  return dtype == kFloat8 ? 5e-3 : 1e-3;
}

TEST_F(GpuTest, TheKernelsAreLoaded) { EXPECT_NE(CudaKernels(), nullptr); }

TEST_F(GpuTest, AddRmsNormIsItsComposition) {
  for (const int64_t columns : {45, 48, 576, 4096, 8192}) {
    for (const auto& [in, dtype] : {std::pair{at::kFloat, at::kFloat},
                                    {at::kBFloat16, at::kBFloat16},
                                    {at::kBFloat16, at::kFloat},
                                    {at::kBFloat16, kFloat8}}) {
      at::Tensor x = OnGpu({37, columns}, at::kFloat, 3);
      const at::Tensor delta = OnGpu({37, columns}, in);
      const at::Tensor weight = OnGpu({columns}, at::kFloat);
      const at::Tensor sum = x + delta;
      const at::Tensor normed = RmsNorm(sum, weight, 1e-5, at::kFloat);
      const ScaledRows found = AddRmsNorm(x, delta, weight, 1e-5, dtype);
      EXPECT_TRUE(at::equal(x, sum));
      const ScaledRows expected =
          dtype == kFloat8 ? QuantizeRows(normed) : ScaledRows{normed.to(dtype), {}};
      EXPECT_LE(RelativeNorm(found, expected), Allowed(dtype)) << columns << " " << dtype;
    }
  }
}

TEST_F(GpuTest, RotateHeadsIsItsComposition) {
  ModelConfig config = TinyScalarConfig();
  for (const int64_t dimension : {16, 64, 128}) {
    config.head_dim = dimension;
    const RotaryTable table = MakeRotaryTable(config, kGpu);
    const at::Tensor positions = at::randint(128, {50}, at::kInt).to(kGpu);
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      at::Tensor qkv = OnGpu({50, 12 * dimension}, dtype);
      const at::Tensor before = qkv.clone().unflatten(1, {12, dimension});
      const RotatedHeads found = RotateHeads(qkv, table, positions, {8, 2, dimension});
      const at::Tensor cos = table.cos.index_select(0, positions);
      const at::Tensor sin = table.sin.index_select(0, positions);
      EXPECT_LE(RelativeNorm(found.q, Rotate(before.narrow(1, 0, 8), cos, sin)), Allowed(dtype));
      EXPECT_LE(RelativeNorm(found.k, Rotate(before.narrow(1, 8, 2), cos, sin)), Allowed(dtype));
      EXPECT_TRUE(at::equal(found.v, before.narrow(1, 10, 2)));
    }
  }
}

TEST_F(GpuTest, SwiGluAndQuantisedRowsAreTheirCompositions) {
  for (const int64_t columns : {45, 48, 1536, 14336, 20480}) {
    for (const auto& [in, dtype] : {std::pair{at::kFloat, at::kFloat},
                                    {at::kBFloat16, at::kBFloat16},
                                    {at::kBFloat16, kFloat8}}) {
      const at::Tensor gate_up = OnGpu({37, 2 * columns}, in, 4);
      const at::Tensor exact = SwiGlu(gate_up.narrow(1, 0, columns).to(at::kFloat),
                                      gate_up.narrow(1, columns, columns).to(at::kFloat));
      const ScaledRows expected =
          dtype == kFloat8 ? QuantizeRows(exact) : ScaledRows{exact.to(dtype), {}};
      EXPECT_LE(RelativeNorm(SwiGluOf(gate_up, dtype), expected), Allowed(dtype)) << columns;
    }
    const at::Tensor x = OnGpu({37, columns}, at::kBFloat16);
    // On the CPU: on a GPU torch divides by a number by multiplying with its inverse.
    EXPECT_LE(RelativeNorm(RowsAs(x, kFloat8), QuantizeRows(x.to(at::kCPU))), 1e-7) << columns;
  }
}

TEST_F(GpuTest, EightBitProductsAreThoseOfTheNumbersTheRowsStandFor) {
  ASSERT_THAT(RequireFp8("cuda:0"), IsOk());
  for (const int64_t rows : {1, 3, 16, 700}) {
    const ScaledRows x = QuantizeRows(OnGpu({rows, 4096}, at::kBFloat16));
    const ScaledRows weight = QuantizeRows(OnGpu({6144, 4096}, at::kBFloat16));
    const at::Tensor exact =
        at::matmul(Dequantize(x).to(at::kDouble), Dequantize(weight).to(at::kDouble).t());
    // bfloat16's rounding, and the tensor cores' shorter sums.
    EXPECT_LE(RelativeNorm(Product(x, weight, 0), exact), 5e-3) << rows;
    EXPECT_LE(RelativeNorm(Product(x, weight, 256), exact), 5e-3) << rows;
  }
}

// Groups with prefixes of up to 200 tokens, some of them shared across groups.
std::vector<PromptGroup> RandomGroups(int count, uint32_t seed, int vocab = 39) {
  std::mt19937 random(seed);
  const auto draw = [&](int64_t length) {
    TokenIds ids(length);
    for (TokenId& id : ids) id = static_cast<TokenId>(random() % vocab);
    return ids;
  };
  const TokenIds common = draw(60);
  std::vector<PromptGroup> groups(count);
  for (PromptGroup& group : groups) {
    if (random() % 2 == 0) group.prefix = common;
    const TokenIds own = draw(random() % 40);
    group.prefix.insert(group.prefix.end(), own.begin(), own.end());
    group.responses.resize(1 + random() % 4);
    for (EncodedResponse& response : group.responses) {
      response.tokens = draw(1 + random() % 28);
      response.gate_at = static_cast<int64_t>(random() % group.InputTokens(response));
    }
  }
  return groups;
}

struct Attended {
  at::Tensor found;
  at::Tensor expected;
};

Attended AttendBothWays(const PackedBatch& batch, int64_t heads, int64_t key_heads,
                        int64_t dimension, int64_t max_run_keys = kMaxRunKeys) {
  const PassPlan plan = PlanPass(batch, {0}, max_run_keys);
  const at::Tensor numbers = at::tensor(plan.numbers, at::kInt).to(kGpu);
  const int64_t rows = static_cast<int64_t>(batch.ids.size());
  const at::Tensor qkv =
      at::randn({rows, heads + 2 * key_heads, dimension}).to(at::kBFloat16).to(kGpu);
  const at::Tensor q = qkv.narrow(1, 0, heads);
  const at::Tensor k = qkv.narrow(1, heads, key_heads);
  const at::Tensor v = qkv.narrow(1, heads + key_heads, key_heads);
  const AttentionPlan composed = PlanAttention(batch.segments, at::kFloat, at::kCPU);
  const auto exact = [](const at::Tensor& x) { return x.to(at::kCPU, at::kFloat); };
  return {VarlenAttention(q, k, v, plan.runs, numbers),
          SegmentAttention(exact(q), exact(k), exact(v), composed)};
}

TEST_F(GpuTest, FlashAttentionOverSegmentsIsTheComposition) {
  for (const bool share : {false, true}) {
    for (const auto& [heads, key_heads, dimension] :
         {std::tuple{4, 2, 16}, {9, 3, 64}, {32, 8, 128}}) {
      const PackedBatch batch = PackGroups(RandomGroups(12, 7), share);
      const Attended attended = AttendBothWays(batch, heads, key_heads, dimension);
      EXPECT_LE(RelativeNorm(attended.found, attended.expected), 5e-3) << share << " " << dimension;
    }
  }
  // In several runs.
  const Attended in_runs = AttendBothWays(PackGroups(RandomGroups(12, 7), true), 9, 3, 64, 300);
  EXPECT_LE(RelativeNorm(in_runs.found, in_runs.expected), 5e-3);
  // Single rows alone.
  const std::vector<PromptGroup> single = {{.prefix = {}, .responses = {{.tokens = {3}}}},
                                           {.prefix = {}, .responses = {{.tokens = {4}}}}};
  const Attended attended = AttendBothWays(PackGroups(single, false), 4, 2, 64);
  EXPECT_LE(RelativeNorm(attended.found, attended.expected), 5e-3);
}

using Results = std::vector<absl::StatusOr<RewardScore>>;

// Sizes that every kernel's vectors and the 8-bit products take.
ModelConfig MiddleConfig() {
  ModelConfig config = TinyGatedConfig();
  config.hidden_size = 512;
  config.num_heads = 8;
  config.num_kv_heads = 2;
  config.head_dim = 64;
  config.intermediate_size = 1536;
  config.num_layers = 4;
  return config;
}

std::unique_ptr<RewardModel> MiddleModel(RewardModelOptions options) {
  static const std::string folder =
      WriteFolder("gpu_test", RandomTensors(MiddleConfig(), TensorDtype::kBFloat16));
  auto model = RewardModel::Create(MiddleConfig(), *CheckpointTensors::Open(folder), options, {});
  EXPECT_THAT(model, IsOk());
  return *std::move(model);
}

double MaxScoreDifference(const Results& a, const Results& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(double{a[i]->score} - double{b[i]->score}));
  }
  return largest;
}

bool SameBits(const RewardScore& a, const RewardScore& b) {
  return a.score == b.score && a.rewards == b.rewards && a.gating == b.gating &&
         a.coefficients == b.coefficients;
}

// Scores are of order one.
TEST_F(GpuTest, AModelGivesTheScoresOfTheCpu) {
  const std::vector<PromptGroup> groups = RandomGroups(20, 3);
  const Results exact = MiddleModel({.dtype = ComputeDtype::kFloat32})->ScoreBatch(groups);
  for (const auto& [dtype, tolerance] : {std::pair{ComputeDtype::kFloat32, 1e-3},
                                         {ComputeDtype::kBFloat16, 0.1},
                                         {ComputeDtype::kFp8, 0.5}}) {
    for (const bool deterministic : {false, true}) {
      auto model =
          MiddleModel({.device = "cuda:0", .dtype = dtype, .deterministic = deterministic});
      const double difference = MaxScoreDifference(model->ScoreBatch(groups), exact);
      EXPECT_LE(difference, tolerance) << model->info().dtype;
      std::cout << model->info().dtype << (deterministic ? ", deterministic" : "")
                << ": largest difference of a score from float32 on the CPU " << difference << "\n";
    }
  }
}

TEST_F(GpuTest, ADeterministicScoreHasTheSameBitsInAnyCompanyAndOrder) {
  for (const ComputeDtype dtype :
       {ComputeDtype::kBFloat16, ComputeDtype::kFp8, ComputeDtype::kFloat32}) {
    auto model = MiddleModel({.device = "cuda:0", .dtype = dtype, .deterministic = true});
    std::vector<PromptGroup> groups = RandomGroups(60, 4);
    const Results together = model->ScoreBatch(groups);
    size_t next = 0;
    for (const PromptGroup& group : groups) {
      for (const auto& alone : model->ScoreBatch({&group, 1})) {
        EXPECT_TRUE(SameBits(*alone, *together[next++])) << model->info().dtype;
      }
    }
  }
}

TEST_F(GpuTest, WorkersOnOneDeviceDoNotDisturbEachOther) {
  auto first = MiddleModel({.device = "cuda:0", .deterministic = true});
  auto second = first->ShareWeights();
  const std::vector<PromptGroup> groups = RandomGroups(40, 5);
  const Results expected = first->ScoreBatch(groups);
  const auto repeat = [&](RewardModel& model) {
    for (int i = 0; i < 50; ++i) {
      const Results found = model.ScoreBatch(groups);
      for (size_t k = 0; k < found.size(); ++k) EXPECT_TRUE(SameBits(*found[k], *expected[k]));
    }
  };
  std::thread other([&] { repeat(*second); });
  repeat(*first);
  other.join();
}

TEST_F(GpuTest, EveryDeviceOfTheMachineGivesTheSameScores) {
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, ResolveDevices({"cuda"}));
  const std::vector<PromptGroup> groups = RandomGroups(20, 6);
  const Results expected =
      MiddleModel({.device = "cuda:0", .deterministic = true})->ScoreBatch(groups);
  for (const std::string& device : devices) {
    auto model = MiddleModel({.device = device, .deterministic = true});
    // As a server's worker: on a thread of its own, which never chose a device.
    std::thread worker([&] {
      EXPECT_LE(MaxScoreDifference(model->ScoreBatch(groups), expected), 1e-6) << device;
    });
    worker.join();
  }
}

}  // namespace
}  // namespace assay
