#include "model/safetensors.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::MakeTensor;
using ::assay::testing::SafetensorsBytes;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

// A file with `header` as its JSON and `data_bytes` zeros.
std::string FileOf(const std::string& header, size_t data_bytes) {
  std::string file;
  for (int i = 0; i < 8; ++i) file.push_back(static_cast<char>(header.size() >> (8 * i)));
  return file + header + std::string(data_bytes, '\0');
}

// FileOf() with one tensor "t".
std::string FileWithTensor(const std::string& entry, size_t data_bytes) {
  return FileOf(absl::StrCat("{\"t\":", entry, "}"), data_bytes);
}

auto IsDataLossAbout(const std::string& text) {
  return StatusIs(absl::StatusCode::kDataLoss, HasSubstr(text));
}

TEST(SafetensorsTest, ReadsTensorsInTheOrderOfTheirBytesWithMetadata) {
  const std::string file = FileOf(R"({"__metadata__":{"format":"pt"},)"
                                  R"("b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                                  R"("a":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]},)"
                                  R"("h":{"dtype":"F16","shape":[],"data_offsets":[14,16]}}   )",
                                  16);
  ASSERT_OK_AND_ASSIGN(const SafetensorsFile parsed, ParseSafetensors(file));
  EXPECT_THAT(parsed.metadata, ElementsAre(Pair("format", "pt")));
  EXPECT_EQ(parsed.data.size(), 16);
  ASSERT_THAT(parsed.tensors, SizeIs(3));
  EXPECT_EQ(parsed.tensors[0], (SafetensorsEntry{"b", TensorDtype::kFloat32, {1, 2}, 0, 8}));
  EXPECT_EQ(parsed.tensors[1], (SafetensorsEntry{"a", TensorDtype::kBFloat16, {3}, 8, 14}));
  EXPECT_EQ(parsed.tensors[2], (SafetensorsEntry{"h", TensorDtype::kFloat16, {}, 14, 16}));
}

TEST(SafetensorsTest, AcceptsAFileWithoutTensorsAndTensorsWithoutElements) {
  ASSERT_OK_AND_ASSIGN(const SafetensorsFile none, ParseSafetensors(FileOf("{}", 0)));
  EXPECT_THAT(none.tensors, IsEmpty());
  EXPECT_THAT(ParseSafetensors(FileOf(R"({"e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},)"
                                      R"("f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                      R"("g":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                      8)),
              IsOk());
}

TEST(SafetensorsTest, WhatIsSerializedParsesBackTheSame) {
  const std::string file =
      SafetensorsBytes({{"x.weight", MakeTensor(TensorDtype::kFloat32, {2, 3}, {1, 2, 3, 4, 5, 6})},
                        {"a \"quoted\" \n name", MakeTensor(TensorDtype::kBFloat16, {2}, {1, 2})}});
  ASSERT_OK_AND_ASSIGN(SafetensorsFile parsed, ParseSafetensors(file));
  parsed.metadata["format"] = "pt";
  const std::string again = SerializeSafetensors(parsed);
  EXPECT_EQ(*ParseSafetensors(again), parsed);
}

TEST(SafetensorsTest, AnyDamagedByteGivesAnErrorOrAFileThatRoundTrips) {
  const std::string good =
      SafetensorsBytes({{"a", MakeTensor(TensorDtype::kFloat32, {2}, {1, 2})},
                        {"b", MakeTensor(TensorDtype::kBFloat16, {2, 1}, {3, 4})}});
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    for (int changes = 1 + random() % 3; changes > 0; --changes) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    const auto parsed = ParseSafetensors(bad);
    if (!parsed.ok()) continue;
    const std::string again = SerializeSafetensors(*parsed);
    ASSERT_EQ(*ParseSafetensors(again), *parsed);
  }
}

TEST(SafetensorsTest, RefusesAHeaderThatIsShortLongOrBeyondTheLimit) {
  EXPECT_THAT(ParseSafetensors("1234567"), IsDataLossAbout("shorter than 8 bytes"));
  EXPECT_THAT(ParseSafetensors(FileOf("{}", 0).substr(0, 9)), IsDataLossAbout("cut short"));
  const std::string limit("\x01\xe1\xf5\x05\0\0\0\0{}", 10);  // 100,000,001.
  EXPECT_THAT(ParseSafetensors(limit), IsDataLossAbout("above the format's limit"));
  EXPECT_THAT(ParseSafetensors(std::string(8, '\xff') + "{}"), IsDataLossAbout("limit"));
  EXPECT_THAT(ParseSafetensors(FileOf("", 0)), IsDataLossAbout("does not begin with {"));
  EXPECT_THAT(ParseSafetensors(FileOf(" {}", 0)), IsDataLossAbout("does not begin with {"));
  EXPECT_THAT(ParseSafetensors(FileOf("{\"t\":", 0)), IsDataLossAbout("not JSON"));
  EXPECT_THAT(ParseSafetensors(FileOf("{\"\xff\":1}", 0)), IsDataLossAbout("not JSON"));
}

TEST(SafetensorsTest, RefusesAKeyThatOccursTwice) {
  const std::string entry = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_THAT(ParseSafetensors(FileOf(absl::StrCat("{\"w\":", entry, ",\"w\":", entry, "}"), 4)),
              IsDataLossAbout("\"w\" occurs twice"));
  EXPECT_THAT(ParseSafetensors(FileWithTensor(
                  R"({"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]})", 4)),
              IsDataLossAbout("\"dtype\" occurs twice"));
}

TEST(SafetensorsTest, NamesTheTensorWhoseEntryIsMalformed) {
  for (const char* entry :
       {"7", "{}", R"({"dtype":"F32","shape":[1]})",
        R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1})",
        R"({"dtype":1,"shape":[1],"data_offsets":[0,4]})",
        R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})",
        R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})",
        R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})",
        R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]})",
        R"({"dtype":"F32","shape":[1],"data_offsets":[0]})",
        R"({"dtype":"F32","shape":[1],"data_offsets":["0",4]})",
        R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"}) {
    EXPECT_THAT(ParseSafetensors(FileWithTensor(entry, 4)), IsDataLossAbout("\"t\"")) << entry;
  }
  EXPECT_THAT(ParseSafetensors(FileOf(R"({"__metadata__":{"a":1}})", 0)),
              IsDataLossAbout("__metadata__"));
}

TEST(SafetensorsTest, RefusesASizeThatIsNotTheShapesEvenWhenItOverflows) {
  EXPECT_THAT(
      ParseSafetensors(FileWithTensor(R"({"dtype":"BF16","shape":[2,2],"data_offsets":[0,4]})", 4)),
      IsDataLossAbout("\"t\": data_offsets span 4 bytes, but BF16 of shape [2, 2] takes 8"));
  // 2^62 x 4 elements of 4 bytes: 2^66, which wraps to 0.
  EXPECT_THAT(ParseSafetensors(FileWithTensor(
                  R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})", 0)),
              IsDataLossAbout("takes more than any file"));
}

TEST(SafetensorsTest, RefusesOverlapsHolesAndBytesOfNoTensor) {
  const auto two = [](int begin, int end) {
    return absl::StrCat(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)",
                        R"("b":{"dtype":"F32","shape":[1],"data_offsets":[)", begin, ",", end,
                        "]}}");
  };
  EXPECT_THAT(ParseSafetensors(FileOf(two(8, 12), 12)), IsOk());
  EXPECT_THAT(
      ParseSafetensors(FileOf(two(4, 8), 12)),
      StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("\"b\""), HasSubstr("inside"))));
  EXPECT_THAT(ParseSafetensors(FileOf(two(9, 13), 13)),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("\"b\""), HasSubstr("hole"))));
  EXPECT_THAT(ParseSafetensors(FileOf(two(8, 12), 13)), IsDataLossAbout("1 bytes at the end"));
  EXPECT_THAT(
      ParseSafetensors(FileOf(two(8, 12), 11)),
      StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("\"b\""), HasSubstr("cut short"))));
}

TEST(SafetensorsTest, NamesADtypeThatIsNotKnown) {
  EXPECT_THAT(
      ParseSafetensors(
          FileWithTensor(R"({"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]})", 1)),
      StatusIs(absl::StatusCode::kUnimplemented, AllOf(HasSubstr("\"t\""), HasSubstr("F8_E4M3"))));
}

TEST(SafetensorsTest, ADeepHeaderIsAnErrorAndNoCrash) {
  EXPECT_THAT(ParseSafetensors(FileOf("{\"t\":" + std::string(1 << 20, '['), 0)),
              IsDataLossAbout("not JSON"));
}

}  // namespace
}  // namespace assay
