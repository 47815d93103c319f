#include "model/machine.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::NewFolder;
using ::assay::testing::StatusIs;
using ::assay::testing::WriteFile;
using ::testing::HasSubstr;

constexpr int64_t kGiB = int64_t{1} << 30;

// A machine of the test's own, with 24 GiB available.
class MachineTest : public ::testing::Test {
 protected:
  MachineTest() { Write("proc/meminfo", "MemTotal:  99999999 kB\nMemAvailable:   25165824 kB\n"); }

  void Write(const std::string& path, const std::string& text) {
    const std::string whole = absl::StrCat(root_, "/", path);
    std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
    WriteFile(whole, text);
  }
  int64_t Available() const {
    const absl::StatusOr<int64_t> memory = AvailableMemory(root_);
    EXPECT_THAT(memory, IsOk());
    return memory.value_or(-1);
  }

  const std::string root_ = NewFolder("machine");
};

TEST_F(MachineTest, WithoutAControlGroupTheSystemsFigureHolds) {
  EXPECT_EQ(Available(), 24 * kGiB);
}

TEST_F(MachineTest, AControlGroupsLowerLimitHolds) {
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/memory.max", "8589934592\n");
  EXPECT_EQ(Available(), 8 * kGiB);
}

TEST_F(MachineTest, AControlGroupThatHasNoLimitOrAHigherOneChangesNothing) {
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(Available(), 24 * kGiB);
  Write("sys/fs/cgroup/memory.max", "9223372036854771712\n");
  EXPECT_EQ(Available(), 24 * kGiB);
}

TEST_F(MachineTest, TheLimitOfAGroupAboveHoldsToo) {
  Write("proc/self/cgroup", "0::/pods/one/server\n");
  Write("sys/fs/cgroup/pods/one/server/memory.max", "max\n");
  Write("sys/fs/cgroup/pods/memory.max", "4294967296\n");
  EXPECT_EQ(Available(), 4 * kGiB);
}

TEST_F(MachineTest, TheFirstVersionOfControlGroupsIsKnown) {
  Write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/pods/one\n0::/\n");
  Write("sys/fs/cgroup/memory/pods/one/memory.limit_in_bytes", "2147483648\n");
  EXPECT_EQ(Available(), 2 * kGiB);
}

TEST_F(MachineTest, AnotherControllersGroupIsNotTheMemorys) {
  Write("proc/self/cgroup", "3:cpuset:/small\n");
  Write("sys/fs/cgroup/memory/small/memory.limit_in_bytes", "1\n");
  EXPECT_EQ(Available(), 24 * kGiB);
}

TEST_F(MachineTest, AMachineThatDoesNotTellIsUnknown) {
  Write("proc/meminfo", "MemTotal:  99999999 kB\n");
  EXPECT_THAT(AvailableMemory(root_),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("MemAvailable")));
  EXPECT_THAT(AvailableMemory("/nowhere"), StatusIs(absl::StatusCode::kUnknown));
}

TEST_F(MachineTest, TheProcessorHasItsModelsName) {
  Write("proc/cpuinfo", "processor\t: 0\nmodel\t\t: 17\nmodel name\t: A Fast One: v2\n\n");
  EXPECT_EQ(ProcessorName(root_), "A Fast One: v2");
  EXPECT_EQ(ProcessorName("/nowhere"), "");
}

TEST(ThisMachineTest, TellsWhatItHas) {
  const absl::StatusOr<int64_t> memory = AvailableMemory();
  ASSERT_THAT(memory, IsOk());
  EXPECT_GT(*memory, 0);
}

}  // namespace
}  // namespace assay
