#include "client/text_file.h"

#include <filesystem>

#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::ReadFile;
using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::HasSubstr;

TEST(TextFileTest, TheTextTakesThePlaceOfWhatWasThereAndNothingElseIsLeft) {
  const std::string folder = TempPath("text_file");
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/a.txt";
  for (const std::string& text :
       {std::string("long text"), std::string("a\0b", 3), std::string()}) {
    EXPECT_THAT(WriteTextFile(path, text), IsOk());
    EXPECT_EQ(ReadFile(path), text);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST(TextFileTest, WhereAFileCannotBeTheErrorNamesIt) {
  EXPECT_THAT(WriteTextFile("/no/such/folder/a.txt", "x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/folder/a.txt")));
  const std::string folder = TempPath("is_a_folder");
  std::filesystem::create_directories(folder);
  EXPECT_FALSE(WriteTextFile(folder, "x").ok());
  EXPECT_FALSE(WriteTextFile(TempFile("file", "") + "/below", "x").ok());
}

}  // namespace
}  // namespace assay::client
