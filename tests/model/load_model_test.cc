#include "model/load_model.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "model/precision_file.h"
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
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string GoldenFolder(const std::string& name) {
  return absl::StrCat(ASSAY_SOURCE_DIR, "/tests/golden/", name);
}

LoadOptions OnCpu(const std::string& folder) {
  return {.folder = folder, .devices = {"cpu"}, .workers = 1};
}

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

// A measurement of the gated golden checkpoint with the hashes of `info`.
PrecisionFile MeasurementOf(const ModelInfo& info) {
  const ErrorFigures figures = {.n = 10, .largest = 0.5, .percentile_99 = 0.5, .rms = 0.25};
  return {.weights_hash = info.weights_hash,
          .config_hash = info.config_hash,
          .entries = {
              {.dtype = "bfloat16",
               .heads = "precise",
               .device = "cpu",
               .error = {.score = figures, .margin = figures, .data = {}, .measured_on = "x"}}}};
}

TEST(LoadModelTest, TellsTheErrorThatWasMeasuredOnTheseWeights) {
  const std::string folder = CopyOf("gated", "precision");
  ASSERT_OK_AND_ASSIGN(const LoadedModel before, LoadModel(OnCpu(folder)));
  EXPECT_FALSE(before.info.score_error.has_value());
  EXPECT_THAT(before.warnings, IsEmpty());
  ASSERT_OK(WritePrecisionFile(PrecisionPath(folder), MeasurementOf(before.info)));
  ASSERT_OK_AND_ASSIGN(const LoadedModel model, LoadModel(OnCpu(folder)));
  ASSERT_TRUE(model.info.score_error.has_value());
  EXPECT_EQ(model.info.score_error->margin.largest, 0.5);
  EXPECT_EQ(model.info.revision, before.info.revision);

  LoadOptions reference = OnCpu(folder);
  reference.heads = "reference";
  ASSERT_OK_AND_ASSIGN(const LoadedModel other, LoadModel(reference));
  EXPECT_FALSE(other.info.score_error.has_value());
  reference.dtype = "float32";
  ASSERT_OK_AND_ASSIGN(const LoadedModel exact, LoadModel(reference));
  ASSERT_TRUE(exact.info.score_error.has_value());
  EXPECT_EQ(exact.info.score_error->margin.largest, 0);
}

TEST(LoadModelTest, WarnsOfAMeasurementOfOtherWeightsAndServesWithoutIt) {
  const std::string folder = CopyOf("gated", "stale");
  ASSERT_OK_AND_ASSIGN(const LoadedModel before, LoadModel(OnCpu(folder)));
  PrecisionFile stale = MeasurementOf(before.info);
  stale.weights_hash = "other";
  ASSERT_OK(WritePrecisionFile(PrecisionPath(folder), stale));
  ASSERT_OK_AND_ASSIGN(const LoadedModel model, LoadModel(OnCpu(folder)));
  EXPECT_FALSE(model.info.score_error.has_value());
  EXPECT_THAT(model.warnings, ElementsAre(HasSubstr(PrecisionPath(folder))));
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

TEST(LoadModelTest, TheTensorsTellWhichFormAScalarHeadHas) {
  ASSERT_OK_AND_ASSIGN(const LoadedModel scalar, LoadModel(OnCpu(GoldenFolder("scalar"))));
  ASSERT_OK_AND_ASSIGN(const LoadedModel starling, LoadModel(OnCpu(GoldenFolder("starling"))));
  EXPECT_EQ(scalar.info.architecture, starling.info.architecture);
  EXPECT_EQ(scalar.config.scalar_head, "score.weight");
  EXPECT_EQ(starling.config.scalar_head, "v_head.weight");
  EXPECT_EQ(starling.config.trunk_prefix, "transformer.");
  EXPECT_EQ(starling.info.chat_template, "chatml");
}

TEST(LoadModelTest, AMixtureOfFormsIsRefusedByTheNamesOfItsTensors) {
  const std::string folder = CopyOf("starling", "mixture");
  const std::string weights = ReadFile(folder + "/model.safetensors");
  WriteFile(folder + "/model.safetensors",
            absl::StrReplaceAll(
                weights, {{"\"transformer.norm.weight\":", "\"model.norm.weight\"      :"}}));
  EXPECT_THAT(LoadModel(OnCpu(folder)),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("model.norm.weight"), HasSubstr("transformer."))));
  WriteFile(folder + "/model.safetensors",
            absl::StrReplaceAll(weights, {{"\"v_head.weight\":", "\"score.weight\" :"}}));
  EXPECT_THAT(LoadModel(OnCpu(folder)),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("score.weight")));
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

// The gated golden checkpoint's config, but with layers without number.
std::string FolderOfAGiant(const std::string& name) {
  const std::string folder = CopyOf("gated", name);
  WriteFile(folder + "/config.json",
            absl::StrReplaceAll(ReadFile(folder + "/config.json"),
                                {{"\"hidden_size\": 64", "\"hidden_size\": 1048576"},
                                 {"\"num_hidden_layers\": 2", "\"num_hidden_layers\": 4096"}}));
  return folder;
}

TEST(LoadModelTest, RefusesAModelThatDoesNotFitBeforeAnyWeightIsRead) {
  LoadOptions options = OnCpu(FolderOfAGiant("giant"));
  std::string told;
  options.on_plan = [&told](const std::string& plan) { told = plan; };
  // The tensors do not fit this config either; that the memory is named shows that they were not looked at.
  EXPECT_THAT(LoadModel(options), StatusIs(absl::StatusCode::kResourceExhausted,
                                           AllOf(HasSubstr(told), HasSubstr("are available"))));
  EXPECT_THAT(told, HasSubstr("bfloat16 on cpu: weights "));
}

TEST(LoadModelTest, EveryDeviceHasItsWorkersAndTheyScoreAlike) {
  LoadOptions options = OnCpu(GoldenFolder("scalar"));
  options.workers = 3;
  options.cpu_threads = 2;
  ASSERT_OK_AND_ASSIGN(const LoadedModel three, LoadModel(options));
  EXPECT_EQ(three.info.device, "cpu,cpu,cpu");
  ASSERT_EQ(three.scorers.size(), 3);
  const PromptGroup group{.prefix = {}, .responses = {{.tokens = {5, 6, 7}}}};
  const float score = (*three.scorers[0]->ScoreBatch({&group, 1})[0]).score;
  EXPECT_EQ((*three.scorers[2]->ScoreBatch({&group, 1})[0]).score, score);
  options.workers = 0;
  EXPECT_EQ(LoadModel(options)->info.device, "cpu,cpu");
  options.workers = -1;
  EXPECT_THAT(LoadModel(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("workers is -1")));
}

TEST(LoadModelTest, TellsThePlanOfAModelThatFitsOnceADevice) {
  LoadOptions options = OnCpu(GoldenFolder("scalar"));
  options.devices = {"cpu", "cpu"};
  options.batch_tokens = 123;
  std::vector<std::string> told;
  options.on_plan = [&told](const std::string& plan) { told.push_back(plan); };
  EXPECT_THAT(LoadModel(options), IsOk());
  EXPECT_THAT(told, ElementsAre(HasSubstr("activations of 123 tokens for 2 workers")));
}

TEST(LoadModelTest, PlansEveryDtypeOfAFolderThatHasOnlyItsConfig) {
  const std::string folder = FolderOfAGiant("plan");
  fs::remove(folder + "/model.safetensors");
  ASSERT_OK_AND_ASSIGN(const std::string table, PlanModel(OnCpu(folder)));
  for (const char* dtype : {"bfloat16", "float32", "int8", "fp8"}) {
    EXPECT_THAT(table, HasSubstr(absl::StrCat(dtype, " on cpu: weights ")));
  }
  EXPECT_THAT(table, HasSubstr("does not fit"));
  EXPECT_THAT(PlanModel(OnCpu("/nowhere")), StatusIs(absl::StatusCode::kNotFound));
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
  bad.batch_tokens = -1;
  expect_refused(bad, "batch_tokens is -1");
  bad = good;
  bad.chat_template = "vicuna";
  expect_refused(bad, "chat_template");
}

}  // namespace
}  // namespace assay
