#include "model/mapped_file.h"

#include <cstdio>
#include <string>

#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::NewFolder;
using ::assay::testing::StatusIs;
using ::assay::testing::WriteFile;
using ::testing::HasSubstr;

TEST(MappedFileTest, ShowsTheFilesBytesAsTheyAre) {
  const std::string path = NewFolder("mapped") + "/file";
  const std::string bytes("one\0two\xff", 8);
  WriteFile(path, bytes);
  ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path));
  EXPECT_EQ(file->bytes(), bytes);
}

TEST(MappedFileTest, AnEmptyFileHasNoBytes) {
  const std::string path = NewFolder("mapped_empty") + "/file";
  WriteFile(path, "");
  ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path));
  EXPECT_EQ(file->bytes(), "");
}

TEST(MappedFileTest, KeepsTheBytesOfAFileThatIsDeleted) {
  const std::string path = NewFolder("mapped_deleted") + "/file";
  WriteFile(path, "kept");
  ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path));
  ASSERT_EQ(std::remove(path.c_str()), 0);
  EXPECT_EQ(file->bytes(), "kept");
}

TEST(MappedFileTest, NamesAMissingFile) {
  EXPECT_THAT(MappedFile::Open("/nowhere/model.safetensors"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/model.safetensors")));
}

TEST(MappedFileTest, RefusesAFolder) {
  EXPECT_THAT(MappedFile::Open(NewFolder("mapped_folder")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a regular file")));
}

}  // namespace
}  // namespace assay
