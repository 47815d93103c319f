#include "model/devices.h"

#include <ATen/Parallel.h>

#include <string>
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

TEST(DevicesTest, EightBitProductsAreRefusedOnTheCpuByName) {
  EXPECT_THAT(RequireFp8("cpu"), StatusIs(absl::StatusCode::kFailedPrecondition,
                                          AllOf(HasSubstr("fp8"), HasSubstr("device cpu"))));
  // A device that is not there has no capability either.
  EXPECT_THAT(RequireFp8("cuda:9999"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cuda:9999")));
}

TEST(DevicesTest, SetsTheNumberOfCpuThreads) {
  SetCpuThreads(3);
  EXPECT_EQ(at::get_num_threads(), 3);
  SetCpuThreads(0);
  EXPECT_GE(at::get_num_threads(), 1);
}

}  // namespace
}  // namespace assay
