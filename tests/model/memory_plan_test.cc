#include "model/memory_plan.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kGiB = int64_t{1} << 30;

// Starling-RM-34B's trunk, which is Yi-34B's.
ModelConfig Yi34B() {
  ModelConfig config = {};
  config.hidden_size = 7168;
  config.num_layers = 60;
  config.num_heads = 56;
  config.num_kv_heads = 8;
  config.head_dim = 128;
  config.intermediate_size = 20480;
  config.vocab_size = 64000;
  config.max_positions = 4096;
  config.head_kind = HeadKind::kScalar;
  return config;
}

MemoryPlan PlanOf(const ModelConfig& config, const MemoryRequest& request) {
  const absl::StatusOr<MemoryPlan> plan = PlanMemory(config, request);
  EXPECT_THAT(plan, IsOk());
  return plan.value_or(MemoryPlan{});
}

MemoryRequest RequestOf(const std::string& dtype, const std::string& device = "cpu") {
  return {.dtype = dtype, .device = device, .batch_tokens = DefaultBatchTokens(device)};
}

double WeightsInGigabytes(const std::string& dtype) {
  return static_cast<double>(PlanOf(Yi34B(), RequestOf(dtype)).weights()) / 1e9;
}

TEST(MemoryPlanTest, ATrunkOf34BillionTakesWhatItsDtypesTake) {
  EXPECT_NEAR(WeightsInGigabytes("bfloat16"), 67.9, 0.05);
  EXPECT_NEAR(WeightsInGigabytes("float32"), 134.8, 0.05);  // The embedding stays in 16 bits.
  EXPECT_NEAR(WeightsInGigabytes("int8"), 34.4, 0.05);
  EXPECT_EQ(WeightsInGigabytes("fp8"), WeightsInGigabytes("int8"));
}

TEST(MemoryPlanTest, AModelThatDoesNotFitIsRefusedWithBothNumbers) {
  const MemoryPlan plan = PlanOf(Yi34B(), RequestOf("bfloat16"));
  EXPECT_THAT(CheckMemory(plan, 24 * kGiB),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("weights 67.9 GB"), HasSubstr("25.8 GB are available"),
                             HasSubstr("bfloat16 on cpu"))));
}

TEST(MemoryPlanTest, AModelFitsUpToTheLastByte) {
  const MemoryPlan plan = PlanOf(Yi34B(), RequestOf("int8"));
  EXPECT_THAT(CheckMemory(plan, plan.needed()), IsOk());
  EXPECT_THAT(CheckMemory(plan, plan.needed() - 1), StatusIs(absl::StatusCode::kResourceExhausted));
}

// 8 billion values of Llama 3 and ArmoRM's heads, counted by hand from the published config.
TEST(MemoryPlanTest, EveryTensorOfAGatedModelIsCounted) {
  ModelConfig config = {};
  config.hidden_size = 4096;
  config.num_layers = 32;
  config.num_heads = 32;
  config.num_kv_heads = 8;
  config.head_dim = 128;
  config.intermediate_size = 14336;
  config.vocab_size = 128256;
  config.max_positions = 8192;
  config.head_kind = HeadKind::kGated;
  config.num_objectives = 19;
  config.gating_hidden_dim = 1024;
  config.gating_n_hidden = 3;
  const MemoryPlan plan = PlanOf(config, RequestOf("bfloat16", "cuda:0"));
  const int64_t layer_matrices = 2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336;
  const int64_t norms = 65 * 4096;
  EXPECT_EQ(plan.trunk, 32 * layer_matrices * 2 + norms * 4);
  EXPECT_EQ(plan.embedding, 128256 * 4096 * 2);
  const int64_t gate = 4096 * 1024 + 2 * 1024 * 1024 + 1024 * 19 + 3 * 1024 + 19;
  EXPECT_EQ(plan.head, (19 * 4096 + 19 * 19 + 1 + gate) * 4);
  EXPECT_EQ(plan.rotary, 8192 * 128 * 4);
  EXPECT_EQ(plan.needed(), plan.weights() + plan.rotary + plan.activations);
  MemoryRequest reference = RequestOf("bfloat16", "cuda:0");
  reference.heads = "reference";
  EXPECT_EQ(PlanOf(config, reference).head * 2, plan.head);
}

TEST(MemoryPlanTest, OnACpuAnEmbeddingUsedAsStoredStaysInTheFile) {
  const MemoryPlan cpu = PlanOf(Yi34B(), RequestOf("bfloat16"));
  EXPECT_TRUE(cpu.embedding_is_mapped);
  EXPECT_EQ(cpu.needed(), cpu.trunk + cpu.head + cpu.rotary + cpu.activations);
  EXPECT_THAT(DescribePlan(cpu), HasSubstr("918 MB of them stay in the file"));
  const MemoryPlan gpu = PlanOf(Yi34B(), RequestOf("bfloat16", "cuda:0"));
  EXPECT_FALSE(gpu.embedding_is_mapped);
  EXPECT_THAT(DescribePlan(gpu), Not(HasSubstr("file")));
  MemoryRequest wide = RequestOf("bfloat16");
  wide.stored_value_bytes = 4;
  EXPECT_FALSE(PlanOf(Yi34B(), wide).embedding_is_mapped);  // It is narrowed, and kept.
  EXPECT_EQ(PlanOf(Yi34B(), wide).embedding, cpu.embedding);
  wide.dtype = "float32";
  EXPECT_TRUE(PlanOf(Yi34B(), wide).embedding_is_mapped);
  EXPECT_EQ(PlanOf(Yi34B(), wide).embedding, 2 * cpu.embedding);
}

TEST(MemoryPlanTest, WorkersShareTheWeightsAndHaveTheirOwnActivations) {
  MemoryRequest request = RequestOf("bfloat16");
  const MemoryPlan one = PlanOf(Yi34B(), request);
  request.workers = 3;
  const MemoryPlan three = PlanOf(Yi34B(), request);
  EXPECT_EQ(three.weights(), one.weights());
  EXPECT_EQ(three.activations, 3 * one.activations);
  request.batch_tokens *= 2;
  EXPECT_EQ(PlanOf(Yi34B(), request).activations, 6 * one.activations);
  EXPECT_GT(one.activations, 0);
}

TEST(MemoryPlanTest, ADtypeThatNobodyKnowsIsRefusedByName) {
  EXPECT_THAT(PlanMemory(Yi34B(), RequestOf("int4")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("\"int4\""), HasSubstr("bfloat16, float32, int8, fp8"))));
}

// The widest numbers that ParseModelConfig() lets through.
TEST(MemoryPlanTest, AnAbsurdConfigIsTooLargeAndNeverSmallByOverflow) {
  ModelConfig config = Yi34B();
  config.hidden_size = config.num_heads = config.num_kv_heads = config.head_dim = 1 << 20;
  config.intermediate_size = 1 << 20;
  config.num_layers = 4096;
  config.vocab_size = config.max_positions = 1 << 24;
  MemoryRequest request = RequestOf("float32", "cuda:0");
  request.workers = 1024;
  request.batch_tokens = 1 << 24;
  const MemoryPlan plan = PlanOf(config, request);
  EXPECT_GT(plan.needed(), int64_t{1} << 60);
  EXPECT_THAT(CheckMemory(plan, 24 * kGiB), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(MemoryPlanTest, TheTableSaysOfEveryDtypeWhetherItFits) {
  const std::string table = PlanTable(Yi34B(), RequestOf(""), 40 * kGiB);
  const std::vector<std::string> lines = absl::StrSplit(table, '\n', absl::SkipEmpty());
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("bfloat16"), HasSubstr("42.9 GB available: does not fit")));
  EXPECT_THAT(lines[1], AllOf(HasSubstr("float32"), HasSubstr("does not fit")));
  EXPECT_THAT(lines[2], AllOf(HasSubstr("int8"), HasSubstr("available: fits")));
  EXPECT_THAT(PlanTable(Yi34B(), RequestOf(""), std::nullopt), Not(HasSubstr("available")));
}

TEST(MemoryPlanTest, ABatchIsSmallerOnACpu) {
  EXPECT_EQ(DefaultBatchTokens("cpu"), 4096);
  EXPECT_EQ(DefaultBatchTokens("cuda:3"), 16384);
}

}  // namespace
}  // namespace assay
