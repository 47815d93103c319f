// That the trunk's numbers are those of the reference is proved by tests/model/golden_test.cc, and that they are those of
// the composition by model_parts_test.cc; here, what a row's bits may depend on.
#include "model/cpu_trunk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "model/kernels/targets.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::RandomTensors;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFolder;

constexpr size_t kHidden = 48;

// Long enough sequences for several blocks of rows and of keys.
ModelConfig Config() {
  ModelConfig config = TinyScalarConfig();
  config.max_positions = 512;
  return config;
}

struct TinyTrunk {
  TinyTrunk(Numbers numbers, int threads)
      : checkpoint(*CheckpointTensors::Open(
            WriteFolder("cpu_trunk", RandomTensors(Config(), TensorDtype::kBFloat16)))),
        team(std::make_shared<CpuTeam>(threads)) {
    TensorBook book(checkpoint->tensors());
    book.Take("score.weight", {1, kHidden});
    trunk.emplace(Config(), *LoadCpuTrunk(*checkpoint, Config(), numbers, book, *team), numbers,
                  team);
  }

  std::vector<float> Forward(const PackedBatch& batch, const std::vector<int64_t>& rows) const {
    std::vector<float> hidden(rows.size() * kHidden);
    trunk->Forward(batch, rows, hidden.data());
    return hidden;
  }

  std::shared_ptr<const CheckpointTensors> checkpoint;
  std::shared_ptr<CpuTeam> team;
  std::optional<CpuTrunk> trunk;
};

std::vector<Numbers> KindsHere() {
  std::vector<Numbers> kinds = {Numbers::kFloat32, Numbers::kBFloat16};
  if (HasInt8Products()) kinds.push_back(Numbers::kInt8);
  return kinds;
}

TokenIds RandomIds(size_t count, std::mt19937& engine) {
  TokenIds ids(count);
  for (TokenId& id : ids) id = static_cast<TokenId>(engine() % 40);
  return ids;
}

// Groups of one to four responses, some with the same prompt.
std::vector<PromptGroup> RandomGroups(int count, uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<PromptGroup> groups;
  for (int i = 0; i < count; ++i) {
    PromptGroup group;
    group.prefix = i > 0 && engine() % 3 == 0 ? groups[engine() % i].prefix
                                              : RandomIds(engine() % 250, engine);
    group.responses.resize(1 + engine() % 4);
    for (EncodedResponse& response : group.responses) {
      response.tokens = RandomIds(1 + engine() % 200, engine);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<float> RewardRows(const TinyTrunk& trunk, absl::Span<const PromptGroup> groups,
                              bool share) {
  const PackedBatch batch = PackGroups(groups, share);
  return trunk.Forward(batch, batch.reward_rows);
}

TEST(CpuTrunkTest, ARowsBitsDependOnItsOwnSequenceAlone) {
  const std::vector<PromptGroup> groups = RandomGroups(12, 1);
  for (Numbers numbers : KindsHere()) {
    const TinyTrunk trunk(numbers, 2);
    const std::vector<float> together = RewardRows(trunk, groups, true);
    EXPECT_EQ(RewardRows(trunk, groups, false), together);
    EXPECT_EQ(RewardRows(TinyTrunk(numbers, 1), groups, true), together);
    EXPECT_EQ(RewardRows(TinyTrunk(numbers, 5), groups, false), together);
    std::vector<float> alone;
    for (const PromptGroup& group : groups) {
      for (const EncodedResponse& response : group.responses) {
        const PromptGroup single = {.prefix = group.prefix, .responses = {response}};
        const std::vector<float> hidden = RewardRows(trunk, {&single, 1}, true);
        alone.insert(alone.end(), hidden.begin(), hidden.end());
      }
    }
    EXPECT_EQ(alone, together);
  }
}

TEST(CpuTrunkTest, CallersAtTheSameTimeGetTheBitsOfALoneOne) {
  const TinyTrunk trunk(Numbers::kBFloat16, 3);
  const std::vector<PromptGroup> groups = RandomGroups(8, 2);
  const std::vector<float> expected = RewardRows(trunk, groups, true);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> callers;
  for (std::vector<float>& hidden : found) {
    callers.emplace_back([&] { hidden = RewardRows(trunk, groups, true); });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::vector<float>& hidden : found) EXPECT_EQ(hidden, expected);
}

TEST(CpuTrunkTest, GivesTheRowsAskedForInTheirOrder) {
  const TinyTrunk trunk(Numbers::kFloat32, 2);
  const PackedBatch batch = PackGroups(RandomGroups(3, 3), true);
  std::vector<int64_t> rows(batch.ids.size());
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<float> all = trunk.Forward(batch, rows);
  const std::vector<float> some = trunk.Forward(batch, {7, 0, 7});
  for (size_t i = 0; i < kHidden; ++i) {
    EXPECT_EQ(some[i], all[7 * kHidden + i]);
    EXPECT_EQ(some[kHidden + i], all[i]);
    EXPECT_EQ(some[2 * kHidden + i], all[7 * kHidden + i]);
  }
}

TEST(CpuTrunkTest, ALaterTokenChangesNoEarlierRow) {
  const TinyTrunk trunk(Numbers::kBFloat16, 1);
  std::mt19937 engine(4);
  TokenIds ids = RandomIds(100, engine);
  const auto rows_of = [&](const TokenIds& tokens) {
    const std::vector<PromptGroup> groups = {{.prefix = {}, .responses = {{.tokens = tokens}}}};
    return trunk.Forward(PackGroups(groups, true), {0, 69, 70, 99});
  };
  const std::vector<float> before = rows_of(ids);
  ids[70] = (ids[70] + 1) % 40;
  const std::vector<float> after = rows_of(ids);
  for (size_t i = 0; i < 4 * kHidden; ++i) EXPECT_EQ(before[i] == after[i], i < 2 * kHidden) << i;
}

TEST(CpuTrunkTest, IsRightWithOneLayerToo) {
  ModelConfig config = Config();
  config.num_layers = 1;
  auto checkpoint = *CheckpointTensors::Open(
      WriteFolder("cpu_trunk_1", RandomTensors(config, TensorDtype::kFloat32)));
  TensorBook book(checkpoint->tensors());
  book.Take("score.weight", {1, kHidden});
  auto team = std::make_shared<CpuTeam>(1);
  const CpuTrunk trunk(config, *LoadCpuTrunk(*checkpoint, config, Numbers::kFloat32, book, *team),
                       Numbers::kFloat32, team);
  const std::vector<PromptGroup> groups = RandomGroups(4, 5);
  const PackedBatch shared = PackGroups(groups, true), whole = PackGroups(groups, false);
  std::vector<float> a(shared.reward_rows.size() * kHidden), b(a.size());
  trunk.Forward(shared, shared.reward_rows, a.data());
  trunk.Forward(whole, whole.reward_rows, b.data());
  EXPECT_EQ(a, b);
  for (float number : a) EXPECT_TRUE(std::isfinite(number));
}

}  // namespace
}  // namespace assay
