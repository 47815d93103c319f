#include "model/checkpoint_tensors.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::MakeTensor;
using ::assay::testing::NewFolder;
using ::assay::testing::SafetensorsBytes;
using ::assay::testing::StatusIs;
using ::assay::testing::TensorData;
using ::assay::testing::TensorMap;
using ::assay::testing::WriteFile;
using ::assay::testing::WriteFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TensorData A() { return MakeTensor(TensorDtype::kFloat32, {2}, {1, 2}); }
TensorData B() { return MakeTensor(TensorDtype::kBFloat16, {1, 3}, {3, 4, 5}); }

// Files by name, and the index's weight_map where there is one.
std::string FolderOf(const std::string& name,
                     const std::vector<std::pair<std::string, TensorMap>>& files,
                     const std::vector<std::pair<std::string, std::string>>& weight_map = {}) {
  const std::string folder = NewFolder(name);
  for (const auto& [file, tensors] : files) {
    WriteFile(absl::StrCat(folder, "/", file), SafetensorsBytes(tensors));
  }
  std::vector<std::string> entries;
  for (const auto& [tensor, file] : weight_map) {
    entries.push_back(absl::StrCat("\"", tensor, "\": \"", file, "\""));
  }
  if (!entries.empty()) {
    WriteFile(folder + "/model.safetensors.index.json",
              absl::StrCat("{\"weight_map\": {", absl::StrJoin(entries, ", "), "}}"));
  }
  return folder;
}

std::string HashOf(const std::string& folder) {
  const auto tensors = CheckpointTensors::Open(folder);
  EXPECT_THAT(tensors, IsOk());
  return tensors.ok() ? (*tensors)->WeightsHash(2) : "";
}

auto IsDisagreement(const std::string& tensor, const std::string& file) {
  return StatusIs(absl::StatusCode::kDataLoss,
                  AllOf(HasSubstr(absl::StrCat("\"", tensor, "\"")), HasSubstr(file)));
}

TEST(CheckpointTensorsTest, GivesEveryTensorOfOneFile) {
  ASSERT_OK_AND_ASSIGN(const auto checkpoint,
                       CheckpointTensors::Open(WriteFolder("ct_one", {{"a", A()}, {"b", B()}})));
  ASSERT_THAT(checkpoint->tensors(), SizeIs(2));
  const StoredTensor& b = checkpoint->tensors().at("b");
  EXPECT_EQ(b.dtype, TensorDtype::kBFloat16);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(b.bytes, B().bytes);
}

TEST(CheckpointTensorsTest, WithoutAnIndexTakesEveryFileOfTheFolder) {
  const std::string folder = FolderOf(
      "ct_heads", {{"model.safetensors", {{"a", A()}}}, {"heads.safetensors", {{"b", B()}}}});
  ASSERT_OK_AND_ASSIGN(const auto checkpoint, CheckpointTensors::Open(folder));
  EXPECT_THAT(checkpoint->tensors(), SizeIs(2));
}

TEST(CheckpointTensorsTest, ReadsShardsThatAgreeWithTheirIndex) {
  const std::string folder =
      FolderOf("ct_shards", {{"1.safetensors", {{"a", A()}}}, {"2.safetensors", {{"b", B()}}}},
               {{"a", "1.safetensors"}, {"b", "2.safetensors"}});
  ASSERT_OK_AND_ASSIGN(const auto checkpoint, CheckpointTensors::Open(folder));
  EXPECT_THAT(checkpoint->tensors(), SizeIs(2));
}

TEST(CheckpointTensorsTest, RefusesATensorThatLiesInTwoFiles) {
  const std::string folder = FolderOf(
      "ct_twice", {{"model.safetensors", {{"a", A()}}}, {"heads.safetensors", {{"a", A()}}}});
  EXPECT_THAT(CheckpointTensors::Open(folder),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("\"a\""), HasSubstr("heads.safetensors"),
                             HasSubstr("model.safetensors"))));
}

TEST(CheckpointTensorsTest, RefusesAnIndexThatDisagreesWithItsFiles) {
  const TensorMap a = {{"a", A()}};
  const TensorMap b = {{"b", B()}};
  EXPECT_THAT(CheckpointTensors::Open(FolderOf("ct_lacks", {{"1.safetensors", a}},
                                               {{"a", "1.safetensors"}, {"b", "1.safetensors"}})),
              IsDisagreement("b", "1.safetensors, which lacks it"));
  EXPECT_THAT(
      CheckpointTensors::Open(FolderOf("ct_unlisted", {{"1.safetensors", {{"a", A()}, {"b", B()}}}},
                                       {{"a", "1.safetensors"}})),
      IsDisagreement("b", "not in model.safetensors.index.json"));
  EXPECT_THAT(
      CheckpointTensors::Open(FolderOf("ct_swapped", {{"1.safetensors", a}, {"2.safetensors", b}},
                                       {{"a", "2.safetensors"}, {"b", "1.safetensors"}})),
      IsDisagreement("a", "but it lies in 1.safetensors"));
  EXPECT_THAT(CheckpointTensors::Open(FolderOf("ct_no_file", {{"1.safetensors", a}},
                                               {{"a", "1.safetensors"}, {"b", "2.safetensors"}})),
              IsDisagreement("b", "\"2.safetensors\", which is not in the folder"));
  EXPECT_THAT(CheckpointTensors::Open(
                  FolderOf("ct_outside", {{"1.safetensors", a}},
                           {{"a", "1.safetensors"}, {"b", "../ct_shards/2.safetensors"}})),
              IsDisagreement("b", "not in the folder"));
}

TEST(CheckpointTensorsTest, RefusesAFileThatTheIndexDoesNotName) {
  EXPECT_THAT(CheckpointTensors::Open(
                  FolderOf("ct_stray", {{"1.safetensors", {{"a", A()}}}, {"stray.safetensors", {}}},
                           {{"a", "1.safetensors"}})),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("stray.safetensors")));
}

TEST(CheckpointTensorsTest, RefusesAnIndexThatIsNoIndex) {
  for (const char* index :
       {"", "[]", "{}", "{\"weight_map\": 1}", "{\"weight_map\": {\"a\": 1}}"}) {
    const std::string folder = WriteFolder("ct_bad_index", {{"a", A()}});
    WriteFile(folder + "/model.safetensors.index.json", index);
    EXPECT_THAT(CheckpointTensors::Open(folder), StatusIs(absl::StatusCode::kDataLoss)) << index;
  }
}

TEST(CheckpointTensorsTest, NamesTheFileThatIsCutShort) {
  const std::string folder = WriteFolder("ct_cut", {{"a", A()}, {"b", B()}});
  const std::string whole = SafetensorsBytes({{"a", A()}, {"b", B()}});
  WriteFile(folder + "/model.safetensors", whole.substr(0, whole.size() - 1));
  EXPECT_THAT(CheckpointTensors::Open(folder), IsDisagreement("b", "model.safetensors: "));
}

TEST(CheckpointTensorsTest, TellsAFolderWithoutTensorsAndNoFolder) {
  EXPECT_THAT(CheckpointTensors::Open(NewFolder("ct_none")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no *.safetensors")));
  EXPECT_THAT(CheckpointTensors::Open("/nowhere"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere")));
}

TEST(CheckpointTensorsTest, TheHashDependsOnTheTensorsAndNotOnTheirFiles) {
  const std::string one = HashOf(WriteFolder("ct_hash1", {{"a", A()}, {"b", B()}}));
  EXPECT_THAT(one, SizeIs(64));
  EXPECT_EQ(one, HashOf(FolderOf("ct_hash2", {{"1.safetensors", {{"b", B()}}},
                                              {"2.safetensors", {{"a", A()}}}})));
  TensorData reshaped = A();
  reshaped.shape = {1, 2};
  TensorData other_dtype = A();
  other_dtype.dtype = TensorDtype::kBFloat16;
  other_dtype.shape = {4};
  TensorData other_bytes = A();
  other_bytes.bytes[0] ^= 1;
  for (const TensorData& changed : {reshaped, other_dtype, other_bytes}) {
    EXPECT_NE(one, HashOf(WriteFolder("ct_hash3", {{"a", changed}, {"b", B()}})));
  }
  EXPECT_NE(one, HashOf(WriteFolder("ct_hash4", {{"a2", A()}, {"b", B()}})));
  EXPECT_NE(one, HashOf(WriteFolder("ct_hash5", {{"a", A()}})));
}

TEST(CheckpointTensorsTest, TheHashIsTheOneItsContractDescribes) {
  ASSERT_OK_AND_ASSIGN(const auto checkpoint,
                       CheckpointTensors::Open(WriteFolder("ct_known", {{"a", A()}, {"b", B()}})));
  // By hashlib over "1:a F32 [2] <hash>\n1:b BF16 [1, 3] <hash>\n".
  EXPECT_EQ(checkpoint->WeightsHash(1),
            "05ae6fb3e7911453ceabb0a5fc0d581233aa6f49b05ebef63648e0c5db184cdc");
  EXPECT_EQ(checkpoint->WeightsHash(1), checkpoint->WeightsHash(7));
}

}  // namespace
}  // namespace assay
