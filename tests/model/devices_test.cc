#include "model/devices.h"

#include <ATen/Parallel.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DevicesTest, TheCpuIsAlwaysThereAsOftenAsAskedFor) {
  ASSERT_OK_AND_ASSIGN(const auto devices, ResolveDevices({"cpu", "cpu"}));
  EXPECT_THAT(devices, ElementsAre("cpu", "cpu"));
}

TEST(DevicesTest, RefusesNamesThatAreNoDevice) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU", "cpu:0", "cuda:0x"}) {
    EXPECT_THAT(ResolveDevices({"cpu", name}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string("device \"") + name + "\"")));
  }
  EXPECT_THAT(ResolveDevices({}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(DevicesTest, AutoIsTheCpuExactlyWhereCudaIsNotToBeHad) {
  const auto cuda = ResolveDevices({"cuda"});
  ASSERT_OK_AND_ASSIGN(const auto automatic, ResolveDevices({"auto"}));
  if (cuda.ok()) {
    EXPECT_EQ(automatic, *cuda);
    EXPECT_EQ(automatic.front(), "cuda:0");
    EXPECT_THAT(ResolveDevices({"cuda:9999"}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cuda:9999")));
  } else {
    EXPECT_THAT(automatic, ElementsAre("cpu"));
    EXPECT_THAT(cuda, StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr("\"cuda\""), HasSubstr("or use device cpu"))));
    EXPECT_THAT(ResolveDevices({"cuda:0"}), StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

TEST(DevicesTest, EveryDeviceHasANameAndTellsItsMemory) {
  ASSERT_OK_AND_ASSIGN(auto devices, ResolveDevices({"auto"}));
  devices.push_back("cpu");
  for (const std::string& device : devices) {
    EXPECT_NE(DeviceName(device), "");
    ASSERT_OK_AND_ASSIGN(const int64_t memory, DeviceMemory(device));
    EXPECT_GT(memory, 0) << device;
  }
}

// A device that cannot be asked is no reason to fail.
TEST(DevicesTest, ADeviceThatIsNotThereKeepsItsNameAndHasNoMemoryToTell) {
  EXPECT_EQ(DeviceName("cuda:9999"), "cuda:9999");
  EXPECT_THAT(DeviceMemory("cuda:9999"),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("cuda:9999")));
}

TEST(DevicesTest, ADeviceHasTwoWorkersUnlessToldOtherwise) {
  EXPECT_THAT(WithWorkers({"cuda:0", "cpu"}, 0, 4), ElementsAre("cuda:0", "cuda:0", "cpu", "cpu"));
  EXPECT_THAT(WithWorkers({"cpu"}, 0, 1), ElementsAre("cpu"));
  EXPECT_THAT(WithWorkers({"cpu", "cuda:1"}, 1, 4), ElementsAre("cpu", "cuda:1"));
  EXPECT_THAT(WithWorkers({"cpu"}, 3, 1), ElementsAre("cpu", "cpu", "cpu"));
}

TEST(DevicesTest, CountsTheCoresWhereNoNumberOfThreadsIsWanted) {
  EXPECT_EQ(CpuThreads(3), 3);
  EXPECT_EQ(CpuThreads(0), static_cast<int>(std::thread::hardware_concurrency()));
}

TEST(DevicesTest, TorchsOwnOperatorsStayOnOneThread) {
  at::set_num_threads(3);
  UseOneTorchThread();
  EXPECT_EQ(at::get_num_threads(), 1);
}

TEST(DevicesTest, EightBitProductsAreRefusedOnTheCpuByName) {
  EXPECT_THAT(RequireFp8("cpu"), StatusIs(absl::StatusCode::kFailedPrecondition,
                                          AllOf(HasSubstr("fp8"), HasSubstr("device cpu"))));
  // A device that is not there has no capability either.
  EXPECT_THAT(RequireFp8("cuda:9999"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cuda:9999")));
}

}  // namespace
}  // namespace assay
