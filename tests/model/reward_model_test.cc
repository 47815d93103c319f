#include "model/reward_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::MakeTensor;
using ::assay::testing::RandomTensors;
using ::assay::testing::StatusIs;
using ::assay::testing::TensorMap;
using ::assay::testing::TinyGatedConfig;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFolder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Results = std::vector<absl::StatusOr<RewardScore>>;

std::unique_ptr<RewardModel> ModelOf(const TensorMap& tensors, const ModelConfig& config,
                                     const RewardModelOptions& options = {}) {
  auto checkpoint = CheckpointTensors::Open(WriteFolder("reward_model", tensors));
  EXPECT_THAT(checkpoint, IsOk());
  ModelInfo info;
  info.name = "tiny";
  auto model = RewardModel::Create(config, *std::move(checkpoint), options, info);
  EXPECT_THAT(model, IsOk());
  return model.ok() ? *std::move(model) : nullptr;
}

std::unique_ptr<RewardModel> TinyModel(const RewardModelOptions& options = {}) {
  return ModelOf(RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16), TinyGatedConfig(),
                 options);
}

// Groups of every shape, tokens below `vocab`; never kPoison.
constexpr TokenId kPoison = 39;
std::vector<PromptGroup> RandomGroups(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<PromptGroup> groups(count);
  for (PromptGroup& group : groups) {
    group.prefix.resize(random() % 40);
    for (TokenId& id : group.prefix) id = random() % kPoison;
    group.responses.resize(1 + random() % 4);
    for (EncodedResponse& response : group.responses) {
      response.tokens.resize(1 + random() % 30);
      for (TokenId& id : response.tokens) id = random() % kPoison;
      response.gate_at = random() % group.InputTokens(response);
    }
  }
  return groups;
}

bool SameBits(const RewardScore& a, const RewardScore& b) {
  return a.score == b.score && a.rewards == b.rewards && a.gating == b.gating &&
         a.coefficients == b.coefficients;
}

float MaxScoreDifference(const Results& a, const Results& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    EXPECT_THAT(a[i], IsOk());
    EXPECT_THAT(b[i], IsOk());
    if (a[i].ok() && b[i].ok()) largest = std::max(largest, std::fabs(a[i]->score - b[i]->score));
  }
  return largest;
}

TEST(RewardModelTest, GivesEveryNumberOfEveryResponse) {
  auto model = TinyModel();
  const Results results = model->ScoreBatch(RandomGroups(5, 1));
  for (const auto& result : results) {
    ASSERT_THAT(result, IsOk());
    EXPECT_THAT(result->rewards, SizeIs(5));
    EXPECT_THAT(result->gating, SizeIs(5));
    ASSERT_THAT(result->coefficients, SizeIs(5));
    float sum = 0;
    for (int k = 0; k < 5; ++k) sum += result->rewards[k] * result->coefficients[k];
    EXPECT_NEAR(sum, result->score, 1e-3);
  }
  EXPECT_THAT(model->ScoreBatch({}), IsEmpty());
}

TEST(RewardModelTest, AScalarModelGivesTheScoreAlone) {
  auto model =
      ModelOf(RandomTensors(TinyScalarConfig(), TensorDtype::kBFloat16), TinyScalarConfig());
  std::vector<PromptGroup> groups = RandomGroups(3, 1);
  const Results results = model->ScoreBatch(groups);
  groups[0].responses[0].gate_at = -1;  // Never looked at.
  EXPECT_EQ(MaxScoreDifference(results, model->ScoreBatch(groups)), 0);
  EXPECT_THAT(results[0]->rewards, IsEmpty());
  EXPECT_THAT(results[0]->gating, IsEmpty());
}

TEST(RewardModelTest, AScoreHasTheSameBitsInAnyCompany) {
  for (const ComputeDtype dtype : {ComputeDtype::kBFloat16, ComputeDtype::kFloat32}) {
    auto model = TinyModel({.dtype = dtype});
    const std::vector<PromptGroup> groups = RandomGroups(12, 2);
    const Results together = model->ScoreBatch(groups);
    size_t next = 0;
    for (const PromptGroup& group : groups) {
      for (const auto& alone : model->ScoreBatch({&group, 1})) {
        EXPECT_TRUE(SameBits(*alone, *together[next++]));
      }
    }
  }
}

TEST(RewardModelTest, TheOrderOfGroupsAndResponsesChangesNoBit) {
  auto model = TinyModel();
  std::vector<PromptGroup> groups = RandomGroups(6, 3);
  Results forwards = model->ScoreBatch(groups);
  std::reverse(groups.begin(), groups.end());
  for (PromptGroup& group : groups) std::reverse(group.responses.begin(), group.responses.end());
  const Results backwards = model->ScoreBatch(groups);
  std::reverse(forwards.begin(), forwards.end());
  ASSERT_EQ(forwards.size(), backwards.size());
  for (size_t i = 0; i < forwards.size(); ++i) {
    EXPECT_TRUE(SameBits(*forwards[i], *backwards[i]));
  }
}

// Not to the bit yet: attention sums a prefix's keys in blocks that depend on where its segment ends.
TEST(RewardModelTest, SharingAPrefixChangesAScoreByRoundingOnly) {
  const std::vector<PromptGroup> groups = RandomGroups(30, 4);
  const auto difference = [&](ComputeDtype dtype) {
    return MaxScoreDifference(
        TinyModel({.dtype = dtype, .share_prefixes = true})->ScoreBatch(groups),
        TinyModel({.dtype = dtype, .share_prefixes = false})->ScoreBatch(groups));
  };
  // Scores are of order one.
  EXPECT_LE(difference(ComputeDtype::kFloat32), 1e-5);
  EXPECT_LE(difference(ComputeDtype::kBFloat16), 0.03);
}

TEST(RewardModelTest, TheGateReadsOnlyWhatStandsBeforeIt) {
  auto model = TinyModel();
  PromptGroup group{
      .prefix = {4, 5, 6, 7},
      .responses = {{.tokens = {8, 9}, .gate_at = 2}, {.tokens = {10}, .gate_at = 2}}};
  const Results results = model->ScoreBatch({&group, 1});
  EXPECT_EQ(results[0]->gating, results[1]->gating);
  EXPECT_NE(results[0]->rewards, results[1]->rewards);
}

TEST(RewardModelTest, HeadsInTheTrunksDtypeDifferFromExactOnesByRoundingOnly) {
  const std::vector<PromptGroup> groups = RandomGroups(10, 5);
  const Results precise = TinyModel({.heads = HeadPrecision::kPrecise})->ScoreBatch(groups);
  const Results reference = TinyModel({.heads = HeadPrecision::kReference})->ScoreBatch(groups);
  EXPECT_GT(MaxScoreDifference(precise, reference), 0);
  EXPECT_LE(MaxScoreDifference(precise, reference), 0.1);
}

TEST(RewardModelTest, RefusesWhatTheModelCannotComputeForThatResponseAlone) {
  auto model = TinyModel();
  const PromptGroup good{.prefix = {1, 2}, .responses = {{.tokens = {3, 4}, .gate_at = 1}}};
  PromptGroup mixed{.prefix = {1, 2}, .responses = {}};
  mixed.responses = {
      {.tokens = {3, 40}, .gate_at = 1},             // Beyond the vocabulary.
      {.tokens = {3, 4}, .gate_at = 1},              // Good.
      {.tokens = {-1}, .gate_at = 1},                // Below it.
      {.tokens = TokenIds(127, 3), .gate_at = 1},    // 129 tokens.
      {.tokens = TokenIds(126, 3), .gate_at = 127},  // Good: 128 tokens, gate at the last.
      {.tokens = {3}, .gate_at = -1},                // No gate.
      {.tokens = {3}, .gate_at = 3},                 // Gate behind the end.
      {.tokens = {}, .gate_at = 0}};
  const PromptGroup poisoned_prefix{.prefix = {1, 99}, .responses = good.responses};
  const std::vector<PromptGroup> groups = {poisoned_prefix, mixed, good};
  const Results results = model->ScoreBatch(groups);
  ASSERT_THAT(results, SizeIs(10));
  const std::vector<bool> expected_ok = {false, false, true,  false, false,
                                         true,  false, false, false, true};
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].ok(), expected_ok[i]) << i << " " << results[i].status();
    if (!results[i].ok()) {
      EXPECT_THAT(results[i], StatusIs(absl::StatusCode::kInvalidArgument)) << i;
    }
  }
  EXPECT_TRUE(SameBits(*results[2], *model->ScoreBatch({&good, 1})[0]));
}

TEST(RewardModelTest, AScoreThatIsNotFiniteFailsAlone) {
  TensorMap tensors = RandomTensors(TinyGatedConfig(), TensorDtype::kFloat32);
  auto& embedding = tensors["model.embed_tokens.weight"];
  const std::string nan =
      MakeTensor(TensorDtype::kFloat32, {1}, {std::numeric_limits<float>::quiet_NaN()}).bytes;
  embedding.bytes.replace(kPoison * 48 * 4, 4, nan);
  for (const bool share : {true, false}) {
    auto model = ModelOf(tensors, TinyGatedConfig(),
                         {.dtype = ComputeDtype::kFloat32, .share_prefixes = share});
    std::vector<PromptGroup> groups = RandomGroups(4, 6);
    groups[1].responses.resize(3, groups[1].responses[0]);
    const Results before = model->ScoreBatch(groups);
    groups[1].responses[1].tokens[0] = kPoison;
    const Results after = model->ScoreBatch(groups);
    const size_t poisoned = groups[0].responses.size() + 1;
    for (size_t i = 0; i < after.size(); ++i) {
      if (i == poisoned) {
        EXPECT_THAT(after[i], StatusIs(absl::StatusCode::kInternal, HasSubstr("not finite")));
      } else {
        EXPECT_TRUE(SameBits(*after[i], *before[i])) << i;
      }
    }
  }
}

TEST(RewardModelTest, ModelsThatShareWeightsScoreAtTheSameTime) {
  auto model = TinyModel();
  auto other = model->ShareWeights();
  const std::vector<PromptGroup> groups = RandomGroups(8, 7);
  const Results expected = model->ScoreBatch(groups);
  model.reset();
  auto third = other->ShareWeights();
  Results from_thread;
  std::thread worker([&] { from_thread = third->ScoreBatch(groups); });
  const Results from_here = other->ScoreBatch(groups);
  worker.join();
  EXPECT_EQ(MaxScoreDifference(from_here, expected), 0);
  EXPECT_EQ(MaxScoreDifference(from_thread, expected), 0);
}

TEST(RewardModelTest, SaysWhatItRunsAs) {
  EXPECT_EQ(TinyModel()->info().name, "tiny");
  EXPECT_EQ(TinyModel()->info().dtype, "bfloat16");
  EXPECT_EQ(TinyModel()->info().heads, "precise");
  EXPECT_EQ(TinyModel()->info().device, "cpu");
  EXPECT_EQ(TinyModel({.dtype = ComputeDtype::kFloat32})->info().dtype, "float32");
  EXPECT_EQ(TinyModel({.heads = HeadPrecision::kReference})->info().heads, "reference");
}

TEST(RewardModelTest, RefusesADeviceThatIsNoneAndTensorsThatDoNotFit) {
  auto checkpoint = CheckpointTensors::Open(
      WriteFolder("reward_model", RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16)));
  ASSERT_OK(checkpoint);
  EXPECT_THAT(RewardModel::Create(TinyGatedConfig(), *checkpoint, {.device = "gpu7x"}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gpu7x")));
  EXPECT_THAT(RewardModel::Create(TinyScalarConfig(), *checkpoint, {}, {}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("score.weight")));
}

// Exceptions of the device become a status: CUDA is not there in a CPU-only program.
TEST(RewardModelTest, ADeviceThatFailsIsAnErrorAndNoCrash) {
  auto checkpoint = CheckpointTensors::Open(
      WriteFolder("reward_model", RandomTensors(TinyGatedConfig(), TensorDtype::kBFloat16)));
  ASSERT_OK(checkpoint);
  EXPECT_THAT(RewardModel::Create(TinyGatedConfig(), *checkpoint, {.device = "cuda:0"}, {}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("torch: ")));
}

}  // namespace
}  // namespace assay
