#include "model/load_model.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

using ::assay::testing::IsOk;
using ::assay::testing::NewFolder;
using ::assay::testing::StatusIs;
using ::assay::testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string GoldenFolder(const std::string& name) {
  return absl::StrCat(ASSAY_SOURCE_DIR, "/tests/golden/", name);
}

LoadOptions OnCpu(const std::string& folder) { return {.folder = folder, .devices = {"cpu"}}; }

// A copy of a golden checkpoint that a test may damage.
std::string CopyOf(const std::string& golden, const std::string& name) {
  const std::string folder = NewFolder(absl::StrCat("load_model_", name));
  fs::copy(GoldenFolder(golden), folder, fs::copy_options::recursive);
  return folder;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(LoadModelTest, GivesBothHalvesOfAModelAndSaysWhatItIs) {
  ASSERT_OK_AND_ASSIGN(const LoadedModel model, LoadModel(OnCpu(GoldenFolder("gated"))));
  EXPECT_EQ(model.info.name, "gated");
  EXPECT_EQ(model.info.architecture, "LlamaForRewardModelWithGating");
  EXPECT_THAT(model.info.objectives, SizeIs(5));
  EXPECT_EQ(model.info.chat_template, "chatml");
  EXPECT_EQ(model.info.dtype, "bfloat16");
  EXPECT_EQ(model.info.heads, "precise");
  EXPECT_EQ(model.info.device, "cpu");
  EXPECT_EQ(model.info.max_tokens, 8192);
  for (const std::string& hash :
       {model.info.revision, model.info.weights_hash, model.info.config_hash,
        model.info.tokenizer_hash, model.info.template_hash}) {
    EXPECT_THAT(hash, SizeIs(64));
  }
  ASSERT_THAT(model.scorers, SizeIs(1));
  EXPECT_EQ(model.scorers[0]->info().revision, model.info.revision);

  const Message question{"user", "Hi"};
  const std::string answers[] = {"Hello", ""};
  ASSERT_OK_AND_ASSIGN(const EncodedGroup encoded,
                       model.encoder->Encode({&question, 1}, answers, {}));
  for (const auto& score : model.scorers[0]->ScoreBatch({&encoded.group, 1})) {
    EXPECT_THAT(score, IsOk());
  }
}

TEST(LoadModelTest, GivesOneScorerForEachDevice) {
  LoadOptions options = OnCpu(GoldenFolder("scalar"));
  options.devices = {"cpu", "cpu"};
  options.name = "my model";
  ASSERT_OK_AND_ASSIGN(const LoadedModel model, LoadModel(options));
  EXPECT_THAT(model.scorers, SizeIs(2));
  EXPECT_EQ(model.info.device, "cpu,cpu");
  EXPECT_EQ(model.scorers[1]->info().device, "cpu");
  EXPECT_EQ(model.info.name, "my model");
}

TEST(LoadModelTest, TheRevisionFollowsTheFilesAndNotTheFolderOrTheOptions) {
  const std::string copy = CopyOf("gated", "revision");
  LoadOptions options = OnCpu(copy);
  options.dtype = "float32";
  ASSERT_OK_AND_ASSIGN(const LoadedModel original, LoadModel(OnCpu(GoldenFolder("gated"))));
  ASSERT_OK_AND_ASSIGN(const LoadedModel copied, LoadModel(options));
  EXPECT_EQ(copied.info.revision, original.info.revision);
  std::string weights = ReadFile(copy + "/model.safetensors");
  weights.back() ^= 1;
  WriteFile(copy + "/model.safetensors", weights);
  ASSERT_OK_AND_ASSIGN(const LoadedModel changed, LoadModel(options));
  EXPECT_NE(changed.info.revision, original.info.revision);
  EXPECT_EQ(changed.info.config_hash, original.info.config_hash);
}

TEST(LoadModelTest, NamesTheFileThatIsMissing) {
  for (const char* name : {"config.json", "tokenizer.json"}) {
    const std::string folder = CopyOf("gated", "missing");
    fs::remove(absl::StrCat(folder, "/", name));
    EXPECT_THAT(LoadModel(OnCpu(folder)), StatusIs(absl::StatusCode::kNotFound, HasSubstr(name)));
  }
  const std::string folder = CopyOf("gated", "missing");
  fs::remove(folder + "/model.safetensors");
  EXPECT_THAT(LoadModel(OnCpu(folder)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("safetensors")));
  EXPECT_THAT(LoadModel(OnCpu("/nowhere")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere")));
}

TEST(LoadModelTest, NamesTheTensorThatDoesNotFitTheConfig) {
  const std::string folder = CopyOf("gated", "config");
  const std::string config = ReadFile(folder + "/config.json");
  WriteFile(
      folder + "/config.json",
      absl::StrReplaceAll(config, {{"\"intermediate_size\": 96", "\"intermediate_size\": 97"}}));
  EXPECT_THAT(
      LoadModel(OnCpu(folder)),
      StatusIs(absl::StatusCode::kDataLoss,
               HasSubstr("model.layers.0.mlp.gate_proj.weight is [96, 64], expected [97, 64]")));
}

TEST(LoadModelTest, NamesTheFileThatIsDamaged) {
  const std::string folder = CopyOf("gated", "damaged");
  const std::string weights = ReadFile(folder + "/model.safetensors");
  WriteFile(folder + "/model.safetensors", weights.substr(0, weights.size() - 100));
  EXPECT_THAT(LoadModel(OnCpu(folder)),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("model.safetensors"), HasSubstr("cut short"))));
  WriteFile(folder + "/config.json", "{");
  EXPECT_THAT(LoadModel(OnCpu(folder)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("config.json")));
}

TEST(LoadModelTest, RefusesEightBitProductsOnADeviceWithoutThem) {
  LoadOptions options = OnCpu(GoldenFolder("gated"));
  options.dtype = "fp8";
  EXPECT_THAT(LoadModel(options), StatusIs(absl::StatusCode::kFailedPrecondition,
                                           AllOf(HasSubstr("fp8"), HasSubstr("cpu"))));
}

TEST(LoadModelTest, NamesTheOptionWhoseValueIsNone) {
  const auto expect_refused = [](LoadOptions options, const std::string& named) {
    EXPECT_THAT(LoadModel(options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(named)));
  };
  const LoadOptions good = OnCpu(GoldenFolder("gated"));
  LoadOptions bad = good;
  bad.dtype = "float16";
  expect_refused(bad, "dtype \"float16\"");
  bad = good;
  bad.heads = "exact";
  expect_refused(bad, "heads \"exact\"");
  bad = good;
  bad.devices = {"tpu"};
  expect_refused(bad, "device \"tpu\"");
  bad = good;
  bad.cpu_threads = -1;
  expect_refused(bad, "cpu_threads is -1");
  bad = good;
  bad.chat_template = "vicuna";
  expect_refused(bad, "chat_template");
}

}  // namespace
}  // namespace assay
