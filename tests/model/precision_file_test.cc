#include "model/precision_file.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::NewFolder;
using ::assay::testing::StatusIs;
using ::assay::testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

PrecisionEntry EntryOf(const std::string& dtype, const std::string& heads,
                       const std::string& device, double error) {
  return {
      .dtype = dtype,
      .heads = heads,
      .device = device,
      .error = {
          .score = {.n = 200, .largest = error, .percentile_99 = error, .rms = error / 3},
          .margin = {.n = 100, .largest = 2 * error, .percentile_99 = error, .rms = 0.1 * error},
          .data = {"a.jsonl", "b.jsonl.gz"},
          .measured_on = "A Fast One"}};
}

PrecisionFile FileOf(std::vector<PrecisionEntry> entries) {
  return {.weights_hash = "w", .config_hash = "c", .entries = std::move(entries)};
}

// What is asked of a file: armed with the hashes of FileOf().
ModelInfo InfoOf(const std::string& dtype, const std::string& heads, const std::string& device) {
  ModelInfo info;
  info.weights_hash = "w";
  info.config_hash = "c";
  info.dtype = dtype;
  info.heads = heads;
  info.device = device;
  return info;
}

// A folder whose precision.json holds `text`.
std::string FolderWith(const std::string& text) {
  const std::string folder = NewFolder("precision_file");
  WriteFile(PrecisionPath(folder), text);
  return folder;
}

double LargestFound(const std::string& folder, const ModelInfo& info) {
  const auto found = FindScoreError(folder, info);
  EXPECT_THAT(found, IsOk());
  return found.ok() && found->has_value() ? (*found)->score.largest : -1;
}

TEST(PrecisionFileTest, WhatIsWrittenIsReadBackToTheBit) {
  const PrecisionFile file = FileOf({EntryOf("bfloat16", "precise", "cpu", 1.0 / 3)});
  ASSERT_OK_AND_ASSIGN(const PrecisionFile again, ParsePrecisionFile(DumpPrecisionFile(file)));
  EXPECT_EQ(again.weights_hash, "w");
  EXPECT_EQ(again.config_hash, "c");
  ASSERT_THAT(again.entries, SizeIs(1));
  const PrecisionEntry& entry = again.entries[0];
  EXPECT_EQ(entry.dtype, "bfloat16");
  EXPECT_EQ(entry.heads, "precise");
  EXPECT_EQ(entry.device, "cpu");
  EXPECT_EQ(entry.error.measured_on, "A Fast One");
  EXPECT_THAT(entry.error.data, ElementsAre("a.jsonl", "b.jsonl.gz"));
  EXPECT_EQ(entry.error.score.n, 200);
  EXPECT_EQ(entry.error.score.largest, 1.0 / 3);
  EXPECT_EQ(entry.error.score.percentile_99, 1.0 / 3);
  EXPECT_EQ(entry.error.score.rms, 1.0 / 9);
  EXPECT_EQ(entry.error.margin.n, 100);
  EXPECT_EQ(entry.error.margin.largest, 2.0 / 3);
  EXPECT_EQ(DumpPrecisionFile(again), DumpPrecisionFile(file));
}

TEST(PrecisionFileTest, WhatIsWrongIsNamed) {
  const std::string good = DumpPrecisionFile(FileOf({EntryOf("bfloat16", "precise", "cpu", 0.5)}));
  ASSERT_THAT(ParsePrecisionFile(good), IsOk());
  const struct {
    std::string from, to, named;
  } kDamages[] = {
      {"\"format\": 1", "\"format\": 2", "format"},
      {"\"weights_hash\"", "\"x\"", "weights_hash"},
      {"\"measurements\": [", "\"measurements\": [3, ", "measurements[0]"},
      {"\"bfloat16\"", "\"float32\"", "measurements[0].dtype"},
      {"\"n\": 200", "\"n\": 0", "measurements[0].score.n"},
      {"\"largest\": 1.0", "\"largest\": -1.0", "measurements[0].margin.largest"},
      {"\"largest\": 1.0", "\"largest\": 0.25", "measurements[0].margin.percentile_99"},
      {"\"a.jsonl\"", "1", "measurements[0].data"},
  };
  for (const auto& damage : kDamages) {
    const std::string bad = absl::StrReplaceAll(good, {{damage.from, damage.to}});
    ASSERT_NE(bad, good) << damage.from;
    EXPECT_THAT(ParsePrecisionFile(bad),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(damage.named)));
  }
  EXPECT_THAT(ParsePrecisionFile("{"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(PrecisionFileTest, TwoMeasurementsOfOneKeyContradictEachOther) {
  const PrecisionFile file = FileOf(
      {EntryOf("bfloat16", "precise", "cpu", 0.5), EntryOf("bfloat16", "precise", "cpu", 0.25)});
  EXPECT_THAT(ParsePrecisionFile(DumpPrecisionFile(file)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("measurements[1]")));
}

TEST(PrecisionFileTest, AFreshMeasurementReplacesItsOwnKeyAndKeepsTheOthers) {
  const PrecisionFile old =
      FileOf({EntryOf("bfloat16", "precise", "cuda", 3), EntryOf("int8", "precise", "cpu", 2),
              EntryOf("bfloat16", "precise", "cpu", 1)});
  const PrecisionFile merged = MergePrecision(FileOf({EntryOf("int8", "precise", "cpu", 4)}), old);
  ASSERT_THAT(merged.entries, SizeIs(3));
  EXPECT_EQ(merged.entries[0].device, "cpu");
  EXPECT_EQ(merged.entries[1].device, "cuda");
  EXPECT_EQ(merged.entries[2].dtype, "int8");
  EXPECT_EQ(merged.entries[2].error.score.largest, 4);
}

TEST(PrecisionFileTest, FiguresOfOtherWeightsAreNotKept) {
  PrecisionFile old = FileOf({EntryOf("int8", "precise", "cpu", 2)});
  old.weights_hash = "other";
  EXPECT_THAT(MergePrecision(FileOf({EntryOf("bfloat16", "precise", "cpu", 1)}), old).entries,
              SizeIs(1));
}

TEST(PrecisionFileTest, AModelsErrorIsThatOfItsDtypeHeadsAndKindOfDevice) {
  const std::string folder = FolderWith(DumpPrecisionFile(
      FileOf({EntryOf("bfloat16", "precise", "cpu", 1), EntryOf("bfloat16", "reference", "cpu", 2),
              EntryOf("bfloat16", "precise", "cuda", 3), EntryOf("int8", "precise", "cpu", 4)})));
  EXPECT_EQ(LargestFound(folder, InfoOf("bfloat16", "precise", "cpu")), 1);
  EXPECT_EQ(LargestFound(folder, InfoOf("bfloat16", "reference", "cpu,cpu")), 2);
  EXPECT_EQ(LargestFound(folder, InfoOf("bfloat16", "precise", "cuda:0,cuda:1")), 3);
  EXPECT_EQ(LargestFound(folder, InfoOf("int8", "precise", "cpu")), 4);
  EXPECT_EQ(LargestFound(folder, InfoOf("int8", "precise", "cuda:0")), -1);
  EXPECT_EQ(LargestFound(folder, InfoOf("bfloat16", "precise", "cpu,cuda:0")), -1);
}

TEST(PrecisionFileTest, Float32IsWithoutErrorForItIsTheReference) {
  const auto found = FindScoreError("/nowhere", InfoOf("float32", "precise", "cpu"));
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->score.n, 0);
  EXPECT_EQ((*found)->margin.largest, 0);
}

TEST(PrecisionFileTest, AFolderWithoutTheFileHasNoFigures) {
  const auto found =
      FindScoreError(NewFolder("no_precision"), InfoOf("bfloat16", "precise", "cpu"));
  ASSERT_THAT(found, IsOk());
  EXPECT_FALSE(found->has_value());
}

TEST(PrecisionFileTest, AFileAboutAnotherModelIsNeverBelievedAndIsNamed) {
  const std::string folder =
      FolderWith(DumpPrecisionFile(FileOf({EntryOf("bfloat16", "precise", "cpu", 1)})));
  ModelInfo info = InfoOf("bfloat16", "precise", "cpu");
  info.weights_hash = "retrained";
  EXPECT_THAT(FindScoreError(folder, info),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(PrecisionPath(folder))));
  info = InfoOf("bfloat16", "precise", "cpu");
  info.config_hash = "edited";
  EXPECT_THAT(FindScoreError(folder, info), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(PrecisionFileTest, ADamagedFileIsNamed) {
  const std::string folder = FolderWith("{\"format\": 1}");
  EXPECT_THAT(FindScoreError(folder, InfoOf("bfloat16", "precise", "cpu")),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr(PrecisionPath(folder)), HasSubstr("weights_hash"))));
}

TEST(PrecisionFileTest, WritingReplacesTheFileAndLeavesNothingBeside) {
  const std::string folder = FolderWith("old");
  ASSERT_OK(WritePrecisionFile(PrecisionPath(folder), FileOf({})));
  const auto read = ReadPrecisionFile(PrecisionPath(folder));
  ASSERT_THAT(read, IsOk());
  EXPECT_TRUE(read->has_value());
  const auto files = std::filesystem::directory_iterator(folder);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
  EXPECT_THAT(WritePrecisionFile("/nowhere/precision.json", FileOf({})),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("/nowhere/precision.json")));
}

TEST(PrecisionFileTest, AKindIsWhatAllDevicesHaveInCommon) {
  EXPECT_EQ(DeviceKind("cpu"), "cpu");
  EXPECT_EQ(DeviceKind("cpu,cpu"), "cpu");
  EXPECT_EQ(DeviceKind("cuda:0,cuda:11"), "cuda");
  EXPECT_EQ(DeviceKind("cuda:0,cpu"), "");
}

}  // namespace
}  // namespace assay
