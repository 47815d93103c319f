#include "client/row_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string FileOf(int rows) {
  std::string text;
  for (int i = 0; i < rows; ++i) absl::StrAppend(&text, i % 3 == 0 ? "\n" : "", "row ", i, "\n");
  return TempFile("rows.jsonl", text);
}

// A pipe with `text` in it, at its end.
std::string PipeOf(const std::string& text) {
  const std::string path = TempPath("pipe");
  unlink(path.c_str());
  EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  static int fd = -1;  // Holds what was written until the next pipe.
  if (fd >= 0) close(fd);
  fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return path;
}

std::vector<std::string> Rest(RowInput& input) {
  std::vector<std::string> rows;
  while (true) {
    auto row = input.Next();
    EXPECT_THAT(row, IsOk());
    if (!row.ok() || !row->has_value()) return rows;
    rows.push_back((*row)->text);
  }
}

TEST(RowInputTest, ARegularFilesRowsAreCountedAndComeWithTheirLines) {
  ASSERT_OK_AND_ASSIGN(auto input, RowInput::Open({.path = FileOf(5)}));
  EXPECT_EQ(input->total(), std::nullopt);
  ASSERT_OK(input->Count());
  EXPECT_EQ(input->total(), 5);
  EXPECT_EQ(input->bytes(), 5 * 6 + 2);
  ASSERT_OK_AND_ASSIGN(const auto first, input->Next());
  EXPECT_EQ(first->text, "row 0");
  EXPECT_EQ(first->line, 2);
  EXPECT_THAT(Rest(*input), ElementsAre("row 1", "row 2", "row 3", "row 4"));
}

TEST(RowInputTest, ALimitIsCountedIn) {
  ASSERT_OK_AND_ASSIGN(auto input, RowInput::Open({.path = FileOf(5), .limit = 3}));
  ASSERT_OK(input->Count());
  EXPECT_EQ(input->total(), 3);
  EXPECT_THAT(Rest(*input), ElementsAre("row 0", "row 1", "row 2"));
}

TEST(RowInputTest, ShardsJoinedAreTheWholeBelowTheLimit) {
  std::vector<std::string> joined;
  for (int64_t i = 0; i < 4; ++i) {
    ASSERT_OK_AND_ASSIGN(
        auto input,
        RowInput::Open({.path = FileOf(12), .limit = 10, .shard = Shard{.index = i, .count = 4}}));
    ASSERT_OK(input->Count());
    const std::vector<std::string> rows = Rest(*input);
    EXPECT_EQ(rows.size(), *input->total());
    joined.insert(joined.end(), rows.begin(), rows.end());
  }
  ASSERT_EQ(joined.size(), 10);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(joined[i], absl::StrCat("row ", i));
}

TEST(RowInputTest, AShardWithoutRowsIsNoError) {
  ASSERT_OK_AND_ASSIGN(auto input,
                       RowInput::Open({.path = FileOf(2), .shard = Shard{.index = 3, .count = 4}}));
  ASSERT_OK(input->Count());
  EXPECT_EQ(input->total(), 0);
  EXPECT_THAT(Rest(*input), IsEmpty());
}

TEST(RowInputTest, RowsThatAreDoneAreSkippedWithinTheShard) {
  ASSERT_OK_AND_ASSIGN(
      auto input, RowInput::Open({.path = FileOf(10), .shard = Shard{.index = 1, .count = 2}}));
  ASSERT_OK(input->Count());
  ASSERT_OK(input->Skip(3));
  EXPECT_EQ(input->total(), 5);
  EXPECT_THAT(Rest(*input), ElementsAre("row 8", "row 9"));
}

TEST(RowInputTest, MoreRowsDoneThanThereAreIsAnError) {
  ASSERT_OK_AND_ASSIGN(auto input, RowInput::Open({.path = PipeOf("1\n2\n"), .limit = 2}));
  EXPECT_THAT(input->Skip(3), StatusIs(absl::StatusCode::kFailedPrecondition,
                                       AllOf(HasSubstr("only 2"), HasSubstr("3"))));
}

TEST(RowInputTest, APipesRowsComeAsTheyAreAndAreNotCounted) {
  ASSERT_OK_AND_ASSIGN(auto input, RowInput::Open({.path = PipeOf("1\n2\n3\n"), .limit = 2}));
  ASSERT_OK(input->Count());
  EXPECT_EQ(input->total(), std::nullopt);
  EXPECT_EQ(input->bytes(), std::nullopt);
  EXPECT_THAT(Rest(*input), ElementsAre("1", "2"));
}

TEST(RowInputTest, APipeHasNoShards) {
  const std::string path = PipeOf("");
  EXPECT_THAT(RowInput::Open({.path = path, .shard = Shard()}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(path), HasSubstr("no regular file"))));
  EXPECT_THAT(RowInput::Open({.path = "-", .shard = Shard()}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("standard input")));
}

TEST(RowInputTest, AnInputWithoutRowsIsAnError) {
  const auto has_no_rows = StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has no rows"));
  ASSERT_OK_AND_ASSIGN(auto file, RowInput::Open({.path = TempFile("blank.jsonl", "\n \n")}));
  EXPECT_THAT(file->Count(), has_no_rows);
  ASSERT_OK_AND_ASSIGN(auto device, RowInput::Open({.path = "/dev/null"}));
  ASSERT_OK(device->Count());
  EXPECT_THAT(device->Next(), has_no_rows);
}

TEST(RowInputTest, AFileThatChangesAfterItWasCountedIsAnError) {
  const auto has_changed = StatusIs(absl::StatusCode::kDataLoss, HasSubstr("changed"));
  ASSERT_OK_AND_ASSIGN(auto grown, RowInput::Open({.path = FileOf(2)}));
  ASSERT_OK(grown->Count());
  std::ofstream(TempPath("rows.jsonl"), std::ios::app) << "more\n";
  ASSERT_THAT(grown->Next(), IsOk());
  ASSERT_THAT(grown->Next(), IsOk());
  EXPECT_THAT(grown->Next(), has_changed);
  EXPECT_THAT(grown->Next(), has_changed);

  ASSERT_OK_AND_ASSIGN(auto shrunk, RowInput::Open({.path = FileOf(2)}));
  ASSERT_OK(shrunk->Count());
  ASSERT_EQ(truncate(TempPath("rows.jsonl").c_str(), 7), 0);
  ASSERT_THAT(shrunk->Next(), IsOk());
  EXPECT_THAT(shrunk->Next(), has_changed);
}

TEST(RowInputTest, AFileThatIsNotThereIsNamed) {
  EXPECT_THAT(RowInput::Open({.path = "/nowhere/rows.jsonl"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/rows.jsonl")));
}

TEST(RowInputTest, ALongCountIsToldAsItGoesOn) {
  std::string text;
  for (int64_t i = 0; i < 2 * RowInput::kRowsATime + 1; ++i) text += "{}\n";
  ASSERT_OK_AND_ASSIGN(const auto input, RowInput::Open({.path = TempFile("many.jsonl", text)}));
  std::vector<int64_t> told;
  ASSERT_OK(input->Count([&told](int64_t rows) { told.push_back(rows); }));
  EXPECT_THAT(told, ElementsAre(RowInput::kRowsATime, 2 * RowInput::kRowsATime));
}

// Standard input is `path` while it lives.
class StandardInputFrom {
 public:
  explicit StandardInputFrom(const std::string& path) : before_(dup(STDIN_FILENO)) {
    const int fd = open(path.c_str(), O_RDONLY);
    dup2(fd, STDIN_FILENO);
    close(fd);
  }
  ~StandardInputFrom() {
    dup2(before_, STDIN_FILENO);
    close(before_);
  }

 private:
  const int before_;
};

TEST(RowInputTest, StandardInputThatIsAFileIsCountedAndCutIntoShards) {
  const std::string path = TempFile("redirected.jsonl", "{\"a\": 0}\n{\"a\": 1}\n{\"a\": 2}\n");
  const StandardInputFrom redirected(path);
  ASSERT_OK_AND_ASSIGN(const auto input,
                       RowInput::Open({.path = "-", .shard = Shard{.index = 1, .count = 2}}));
  ASSERT_OK(input->Count());
  EXPECT_EQ(input->bytes(), 27);
  ASSERT_TRUE(input->total().has_value());
  int64_t rows = 0;
  while ((*input->Next()).has_value()) ++rows;
  EXPECT_EQ(rows, *input->total());
  EXPECT_THAT(rows, AnyOf(1, 2));
}

TEST(RowInputTest, StandardInputThatAnotherHasReadFromIsNot) {
  const std::string path = TempFile("begun.jsonl", "{\"a\": 0}\n{\"a\": 1}\n");
  const StandardInputFrom redirected(path);
  lseek(STDIN_FILENO, 9, SEEK_SET);
  ASSERT_OK_AND_ASSIGN(const auto input, RowInput::Open({.path = "-"}));
  ASSERT_OK(input->Count());
  EXPECT_EQ(input->total(), std::nullopt);
  EXPECT_EQ((*input->Next())->text, "{\"a\": 1}");
}

}  // namespace
}  // namespace assay::client
