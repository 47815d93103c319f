#include "model/self_test.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

std::string Golden(const std::string& form) {
  return absl::StrCat(ASSAY_SOURCE_DIR, "/tests/golden/", form);
}

// A copy of a golden checkpoint, to be damaged.
class DamagedGolden {
 public:
  DamagedGolden() {
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(Golden("gated"), folder_);
  }
  ~DamagedGolden() { std::filesystem::remove_all(folder_); }

  const std::string& folder() const { return folder_; }
  void Replace(const std::string& file, const std::string& from, const std::string& to) {
    std::ostringstream text;
    text << std::ifstream(folder_ + file).rdbuf();
    const std::string changed = absl::StrReplaceAll(text.str(), {{from, to}});
    ASSERT_NE(changed, text.str());
    std::ofstream(folder_ + file) << changed;
  }

 private:
  const std::string folder_ =
      absl::StrCat(::testing::TempDir(), "/assay_damaged_golden_",
                   ::testing::UnitTest::GetInstance()->random_seed(), "_", ::getpid());
};

TEST(SelfTestTest, EveryFormPassesInEveryTypeThatThisMachineHas) {
  for (const char* form : {"gated", "scalar", "starling"}) {
    for (const char* dtype : {"float32", "bfloat16"}) {
      EXPECT_THAT(RunSelfTest({.folder = Golden(form), .devices = {"cpu"}, .dtype = dtype}), IsOk())
          << form << " " << dtype;
    }
  }
}

TEST(SelfTestTest, EachGoldenCheckpointIsOfItsForm) {
  for (const char* form : {"gated", "scalar", "starling"}) {
    const absl::StatusOr<LoadedModel> model =
        LoadModel({.folder = Golden(form), .devices = {"cpu"}, .dtype = "float32"});
    ASSERT_OK(model);
    EXPECT_EQ(GoldenFormOf(model->config), form);
  }
}

TEST(SelfTestTest, AWrongScoreNamesTheDeviceTheRowAndTheDifference) {
  DamagedGolden golden;
  golden.Replace("/golden.jsonl", "\"score\": 1.928155", "\"score\": 2.928155");
  EXPECT_THAT(RunSelfTest({.folder = golden.folder(), .devices = {"cpu"}, .dtype = "float32"}),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("cpu computes wrong scores in float32"), HasSubstr("row 1 "),
                             HasSubstr("at most 0.0001"))));
}

TEST(SelfTestTest, AnotherNormalisationIsNoticed) {
  DamagedGolden golden;
  golden.Replace("/config.json", "\"rope_theta\": 500000.0", "\"rope_theta\": 10000.0");
  EXPECT_THAT(RunSelfTest({.folder = golden.folder(), .devices = {"cpu"}, .dtype = "float32"}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("wrong scores")));
}

TEST(SelfTestTest, OtherTokensAreNoticed) {
  DamagedGolden golden;
  golden.Replace("/golden.jsonl", "\"input_ids\": [1, 284, 201, 57",
                 "\"input_ids\": [1, 284, 201, 58");
  EXPECT_THAT(RunSelfTest({.folder = golden.folder(), .devices = {"cpu"}, .dtype = "float32"}),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("golden.jsonl:1"), HasSubstr("token ids"))));
}

TEST(SelfTestTest, MissingOrDamagedGoldensAreErrors) {
  DamagedGolden golden;
  golden.Replace("/golden.jsonl", "\"messages\"", "\"massages\"");
  EXPECT_THAT(RunSelfTest({.folder = golden.folder(), .devices = {"cpu"}, .dtype = "float32"}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("golden.jsonl:1")));
  std::filesystem::remove(golden.folder() + "/golden.jsonl");
  EXPECT_THAT(RunSelfTest({.folder = golden.folder(), .devices = {"cpu"}, .dtype = "float32"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("golden.jsonl")));
}

}  // namespace
}  // namespace assay
