#include "model/device_plan.h"

#include <string>
#include <vector>

#include "tests/model/tiny_checkpoint.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::assay::testing::TinyGatedConfig;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What CheckDevices() tells of `devices`, and its verdict.
absl::Status Check(const std::vector<std::string>& devices, const ModelConfig& config,
                   const DevicePlanOptions& options, std::vector<std::string>& told) {
  return CheckDevices(devices, config, options,
                      [&told](const std::string& plan) { told.push_back(plan); });
}

TEST(DevicePlanTest, ADeviceIsPlannedOnceForAllItsWorkers) {
  std::vector<std::string> told;
  EXPECT_THAT(Check({"cpu", "cpu"}, TinyGatedConfig(), {.dtype = "int8"}, told), IsOk());
  EXPECT_THAT(told,
              ElementsAre(AllOf(HasSubstr("int8 on cpu"), HasSubstr("4096 tokens for 2 workers"))));
}

TEST(DevicePlanTest, AutoIsBfloat16AndTheTokensOfABatchAreTheCallers) {
  std::vector<std::string> told;
  EXPECT_THAT(Check({"cpu"}, TinyGatedConfig(), {.dtype = "auto", .batch_tokens = 77}, told),
              IsOk());
  EXPECT_THAT(told, ElementsAre(AllOf(HasSubstr("bfloat16"), HasSubstr("77 tokens"))));
}

TEST(DevicePlanTest, AModelLargerThanTheMachineIsRefusedAfterItsPlanWasTold) {
  ModelConfig config = TinyGatedConfig();
  config.hidden_size = 1 << 20;
  config.intermediate_size = 1 << 20;
  std::vector<std::string> told;
  const absl::Status status = Check({"cpu"}, config, {.dtype = "auto"}, told);
  ASSERT_EQ(told.size(), 1);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               AllOf(HasSubstr(told[0]), HasSubstr("are available"))));
  EXPECT_THAT(CheckDevices({"cpu"}, config, {.dtype = "auto"}, nullptr),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(DevicePlanTest, ADeviceThatDoesNotTellItsMemoryIsTried) {
  std::vector<std::string> told;
  EXPECT_THAT(Check({"cuda:9999"}, TinyGatedConfig(), {.dtype = "auto"}, told), IsOk());
  EXPECT_THAT(told, ElementsAre(HasSubstr("on cuda:9999")));
}

TEST(DevicePlanTest, TheTableHasEveryDeviceAndEveryDtype) {
  const std::string table = DevicePlanTable({"cpu", "cuda:9999"}, TinyGatedConfig(), {});
  for (const char* part : {"bfloat16 on cpu", "fp8 on cpu", "available: fits",
                           "float32 on cuda:9999", "int8 on cuda:9999"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
}

}  // namespace
}  // namespace assay
