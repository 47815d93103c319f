#include "client/resumable_output.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/client/temp_file.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::IsOk;
using ::assay::testing::ReadFile;
using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ResumableOutputTest : public ::testing::Test {
 protected:
  ResumableOutputTest() {
    std::filesystem::remove(path_);
    std::filesystem::remove(checkpoint_);
  }

  absl::StatusOr<std::unique_ptr<ResumableOutput>> Open(Json identity = {{"input", "a"}}) {
    return ResumableOutput::Open({.path = path_,
                                  .identity = std::move(identity),
                                  .period = absl::Seconds(5),
                                  .clock = &clock_});
  }
  // The output of a run that ends here, without a word, after `rows` rows and a checkpoint at the
  // first `saved`.
  void RunAndStop(int saved, int rows) {
    auto output = Open();
    ASSERT_THAT(output, IsOk());
    for (int i = 0; i < rows; ++i) {
      if (i == saved - 1) clock_.Advance(absl::Seconds(5));
      (*output)->Append(absl::StrCat("row ", i), {.rows = 1, .tokens = i});
    }
    (*output)->Flush();
  }

  const std::string path_ = TempPath("output.jsonl");
  const std::string checkpoint_ = path_ + ".checkpoint";
  FakeClock clock_;
};

TEST_F(ResumableOutputTest, ACompleteRunLeavesItsRowsAndNoCheckpoint) {
  TempFile("output.jsonl", "of an earlier run");
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  EXPECT_EQ(output->kept(), RowCounts());
  output->Append("a", {.rows = 1});
  clock_.Advance(absl::Seconds(5));
  output->Append("b", {.rows = 1});
  EXPECT_TRUE(std::filesystem::exists(checkpoint_));
  EXPECT_THAT(output->Complete(), IsOk());
  EXPECT_EQ(ReadFile(path_), "a\nb\n");
  EXPECT_FALSE(std::filesystem::exists(checkpoint_));
  EXPECT_FALSE(std::filesystem::exists(checkpoint_ + ".tmp"));
}

TEST_F(ResumableOutputTest, ARowIsInTheFileOnceItIsFlushed) {
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  output->Append("a", {.rows = 1});
  output->Flush();
  EXPECT_EQ(ReadFile(path_), "a\n");
}

TEST_F(ResumableOutputTest, ARunContinuesAfterTheLastCheckpointAndCutsOffTheRest) {
  RunAndStop(/*saved=*/3, /*rows=*/7);
  EXPECT_EQ(ReadFile(path_), "row 0\nrow 1\nrow 2\nrow 3\nrow 4\nrow 5\nrow 6\n");
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  EXPECT_EQ(output->kept(), (RowCounts{.rows = 3, .tokens = 0 + 1 + 2}));
  EXPECT_EQ(ReadFile(path_), "row 0\nrow 1\nrow 2\n");
  output->Append("row 3, again", {.rows = 1, .tokens = 5});
  EXPECT_OK(output->Suspend());
  output.reset();
  ASSERT_OK_AND_ASSIGN(output, Open());
  EXPECT_EQ(output->kept(), (RowCounts{.rows = 4, .tokens = 8}));
  EXPECT_THAT(output->Complete(), IsOk());
  EXPECT_EQ(ReadFile(path_), "row 0\nrow 1\nrow 2\nrow 3, again\n");
}

TEST_F(ResumableOutputTest, ARunWithoutACheckpointBeginsAnew) {
  RunAndStop(/*saved=*/10, /*rows=*/7);
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  EXPECT_EQ(output->kept(), RowCounts());
  EXPECT_EQ(ReadFile(path_), "");
}

TEST_F(ResumableOutputTest, CheckpointsComeAtTheirPeriodAndNotWithEachRow) {
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  clock_.Advance(absl::Seconds(4.9));
  output->Append("a", {.rows = 1});
  EXPECT_FALSE(std::filesystem::exists(checkpoint_));
  clock_.Advance(absl::Seconds(0.1));
  output->Append("b", {.rows = 1});
  const std::string second = ReadFile(checkpoint_);
  EXPECT_THAT(second, HasSubstr("\"rows\":2"));
  clock_.Advance(absl::Seconds(4.9));
  output->Append("c", {.rows = 1});
  EXPECT_EQ(ReadFile(checkpoint_), second);
}

TEST_F(ResumableOutputTest, RowsAfterASuspensionAreInTheFileAndAreMadeAgain) {
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  output->Append("good", {.rows = 1});
  EXPECT_OK(output->Suspend());
  clock_.Advance(absl::Hours(1));
  output->Append("given up", {.rows = 1, .errors = 1});
  output->Flush();
  output.reset();
  EXPECT_EQ(ReadFile(path_), "good\ngiven up\n");
  ASSERT_OK_AND_ASSIGN(output, Open());
  EXPECT_EQ(output->kept(), (RowCounts{.rows = 1}));
  EXPECT_EQ(ReadFile(path_), "good\n");
}

TEST_F(ResumableOutputTest, ASuspensionBeforeTheFirstRowLeavesNothingInTheWay) {
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  EXPECT_OK(output->Suspend());
  EXPECT_FALSE(std::filesystem::exists(checkpoint_));
}

TEST_F(ResumableOutputTest, AnotherRunsCheckpointIsRefusedByItsKeyAndNothingIsTouched) {
  RunAndStop(/*saved=*/3, /*rows=*/7);
  const std::string before = ReadFile(path_);
  EXPECT_THAT(Open({{"input", "b"}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(checkpoint_), HasSubstr("input is \"a\" there"),
                             HasSubstr("remove it"), HasSubstr("another output"))));
  EXPECT_EQ(ReadFile(path_), before);
}

TEST_F(ResumableOutputTest, AFileShorterThanItsCheckpointSaysIsRefused) {
  RunAndStop(/*saved=*/3, /*rows=*/7);
  ASSERT_EQ(truncate(path_.c_str(), 10), 0);
  const auto is_refused =
      StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(checkpoint_), HasSubstr("remove it")));
  EXPECT_THAT(Open(), is_refused);
  EXPECT_EQ(ReadFile(path_).size(), 10);
  std::filesystem::remove(path_);
  EXPECT_THAT(Open(), is_refused);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ResumableOutputTest, ADamagedCheckpointIsRefused) {
  RunAndStop(/*saved=*/3, /*rows=*/7);
  TempFile("output.jsonl.checkpoint", "{\"format\": ");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss,
                               AllOf(HasSubstr(checkpoint_), HasSubstr("remove it"))));
}

TEST_F(ResumableOutputTest, TwoRunsNeverWriteOneFile) {
  ASSERT_OK_AND_ASSIGN(auto output, Open());
  output->Append("a", {.rows = 1});
  output->Flush();
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("another process"), HasSubstr(path_))));
  EXPECT_EQ(ReadFile(path_), "a\n");
}

TEST_F(ResumableOutputTest, AFolderThatIsNotThereIsNamed) {
  EXPECT_THAT(ResumableOutput::Open({.path = "/no/such/folder/out.jsonl"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no folder /no/such/folder;")));
}

TEST_F(ResumableOutputTest, ADeviceIsWrittenWithoutACheckpoint) {
  ASSERT_OK_AND_ASSIGN(auto output, ResumableOutput::Open({.path = "/dev/null", .clock = &clock_}));
  clock_.Advance(absl::Hours(1));
  output->Append("a", {.rows = 1});
  EXPECT_OK(output->Suspend());
  EXPECT_OK(output->Complete());
  EXPECT_FALSE(std::filesystem::exists("/dev/null.checkpoint"));
}

TEST_F(ResumableOutputTest, AnOutputThatTakesNothingIsAnError) {
  ASSERT_OK_AND_ASSIGN(auto output, ResumableOutput::Open({.path = "/dev/full", .clock = &clock_}));
  output->Append("a", {.rows = 1});
  output->Flush();
  EXPECT_THAT(output->status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("/dev/full could not be written")));
  EXPECT_THAT(output->Complete(), StatusIs(absl::StatusCode::kDataLoss));
}

// Killed wherever it happens to be, again and again: what is kept is always a prefix, and the file is
// complete in the end.
TEST_F(ResumableOutputTest, AProcessKilledAtAnyMomentLosesAndRepeatsNoRow) {
  constexpr int kRows = 3000;
  std::string whole;
  for (int i = 0; i < kRows; ++i) absl::StrAppend(&whole, "row ", i, "\n");
  int64_t kept = 0;
  int kills = 0;
  bool complete = false;
  while (!complete) {
    // The child tells by a byte for each row; the parent kills it after some of them.
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(told[0]);
      auto output = ResumableOutput::Open({.path = path_, .period = absl::Nanoseconds(1)});
      if (!output.ok()) _exit(1);
      const int64_t first = (*output)->kept().rows;
      for (int64_t i = first; i < kRows; ++i) {
        if (i == first + 600) pause();  // However late the kill comes, it comes before the end.
        (*output)->Append(absl::StrCat("row ", i), {.rows = 1});
        if (i % 100 == 0 && write(told[1], "r", 1) != 1) _exit(1);
      }
      _exit((*output)->Complete().ok() ? 0 : 1);
    }
    close(told[1]);
    char byte;
    int read_bytes = 0;
    while (read_bytes < 5 && read(told[0], &byte, 1) == 1) ++read_bytes;
    if (read_bytes == 5) kill(child, SIGKILL);
    close(told[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    complete = WIFEXITED(status);
    if (complete) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
    ASSERT_OK_AND_ASSIGN(const auto output, ResumableOutput::Open({.path = path_}));
    EXPECT_GT(output->kept().rows, kept);
    kept = output->kept().rows;
    EXPECT_TRUE(whole.starts_with(ReadFile(path_)));
  }
  EXPECT_GT(kills, 2);
  EXPECT_EQ(ReadFile(path_), whole);
}

}  // namespace
}  // namespace assay::client
