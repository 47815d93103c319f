#include "server/model_folder.h"

#include <cstdlib>
#include <filesystem>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::StatusIs;

class ModelFolderTest : public ::testing::Test {
 protected:
  ModelFolderTest() {
    std::string pattern = ::testing::TempDir() + "/models_XXXXXX";
    root_ = mkdtemp(pattern.data());
    fs::create_directories(root_ / "first" / "one");
    fs::create_directories(root_ / "second" / "one");
    fs::create_directories(root_ / "second" / "two");
  }
  ~ModelFolderTest() override { fs::remove_all(root_); }

  std::vector<std::string> Places() const { return {root_ / "first", root_ / "second"}; }

  fs::path root_;
};

TEST_F(ModelFolderTest, AFolderIsTakenAsItIs) {
  const std::string folder = root_ / "second" / "two";
  EXPECT_EQ(*FindModelFolder(folder, {}), folder);
}

TEST_F(ModelFolderTest, ANameIsLookedForInTheFirstPlaceFirst) {
  EXPECT_EQ(*FindModelFolder("one", Places()), root_ / "first" / "one");
  EXPECT_EQ(*FindModelFolder("two", Places()), root_ / "second" / "two");
}

TEST_F(ModelFolderTest, AMissingModelSaysWhereWasLookedAndWhatToDo) {
  EXPECT_THAT(
      FindModelFolder("three", Places()),
      StatusIs(absl::StatusCode::kNotFound,
               AllOf(HasSubstr("three"), HasSubstr(root_ / "first"), HasSubstr("scripts/build"))));
  EXPECT_THAT(FindModelFolder("no/such", Places()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/such")));
  EXPECT_THAT(FindModelFolder("", Places()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelFolderTest, TheEnvironmentsPlaceComesFirst) {
  setenv("ASSAY_MODELS", root_.c_str(), 1);
  EXPECT_EQ(ModelPlaces().front(), root_);
  unsetenv("ASSAY_MODELS");
  EXPECT_THAT(ModelPlaces().back(), HasSubstr("share/assay/models"));
}

}  // namespace
}  // namespace assay
