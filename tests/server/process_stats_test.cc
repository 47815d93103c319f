#include "server/process_stats.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

TEST(ProcessStatsTest, ThisProcessUsesMemoryAndStartedInThePast) {
  ASSERT_OK_AND_ASSIGN(const ProcessStats stats, ReadProcessStats());
  EXPECT_GT(stats.resident_bytes, 1 << 20);
  EXPECT_GE(stats.cpu_seconds, 0);
  const auto now = static_cast<double>(absl::ToUnixSeconds(absl::Now()));
  EXPECT_LE(stats.start_time_seconds, now + 2);  // btime is rounded.
  EXPECT_GT(stats.start_time_seconds, now - 3600);
}

TEST(ProcessStatsTest, AnOpenFileIsOneMoreDescriptor) {
  ASSERT_OK_AND_ASSIGN(const ProcessStats before, ReadProcessStats());
  const int fd = open("/dev/null", O_RDONLY);
  ASSERT_OK_AND_ASSIGN(const ProcessStats after, ReadProcessStats());
  close(fd);
  EXPECT_EQ(after.open_fds, before.open_fds + 1);
}

class FakeProcTest : public ::testing::Test {
 protected:
  void SetUp() override {
    proc_ =
        std::filesystem::path(::testing::TempDir()) / absl::StrCat("assay_fake_proc_", getpid());
    std::filesystem::remove_all(proc_);
    std::filesystem::create_directories(proc_ / "self" / "fd");
  }
  void TearDown() override { std::filesystem::remove_all(proc_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(proc_ / name) << text;
  }

  std::filesystem::path proc_;
};

TEST_F(FakeProcTest, FieldsAreCountedFromTheNamesLastParenthesis) {
  // A program may be called anything.
  Write("self/stat",
        "42 (a ) R (b) S 1 1 1 0 -1 0 0 0 0 0 300 100 0 0 20 0 9 0 500 4096 17 0 0 0\n");
  Write("stat", "cpu 1 2 3\nbtime 1000\nprocesses 5\n");
  Write("self/fd/0", "");
  ASSERT_OK_AND_ASSIGN(const ProcessStats stats, ReadProcessStats(proc_.string()));
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_DOUBLE_EQ(stats.cpu_seconds, 400 / ticks);
  EXPECT_DOUBLE_EQ(stats.start_time_seconds, 1000 + 500 / ticks);
  EXPECT_EQ(stats.resident_bytes, 17 * sysconf(_SC_PAGESIZE));
  EXPECT_EQ(stats.open_fds, 1);
}

TEST_F(FakeProcTest, WhatIsMissingOrDamagedIsNamed) {
  EXPECT_THAT(ReadProcessStats(proc_.string()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("self/stat")));
  Write("self/stat", "42 (short) S 1 1\n");
  EXPECT_THAT(ReadProcessStats(proc_.string()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("self/stat")));
  Write("self/stat", "42 (a) S 1 1 1 0 -1 0 0 0 0 0 300 100 0 0 20 0 9 0 500 4096 17 0 0\n");
  Write("stat", "cpu 1 2 3\n");
  EXPECT_THAT(ReadProcessStats(proc_.string()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("btime")));
}

}  // namespace
}  // namespace assay
