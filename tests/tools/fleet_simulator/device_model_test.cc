#include "tools/fleet_simulator/device_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::fleet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Time At(int milliseconds) { return absl::UnixEpoch() + absl::Milliseconds(milliseconds); }

DeviceModel DeviceOf(DeviceKind kind) {
  return DeviceModel({.kind = kind,
                      .tokens_per_second = 1000,
                      .pass_overhead = absl::Milliseconds(10),
                      .workers = 2});
}

TEST(DeviceModelTest, APassAloneTakesItsOverheadAndItsTokens) {
  for (const DeviceKind kind : {DeviceKind::kShared, DeviceKind::kPipelined}) {
    DeviceModel device = DeviceOf(kind);
    EXPECT_TRUE(device.idle());
    device.Begin(7, 100, At(0));
    EXPECT_TRUE(device.has_free_worker());
    EXPECT_EQ(device.NextEnd(), At(110));
    EXPECT_THAT(device.TakeEnded(At(109)), IsEmpty());
    EXPECT_THAT(device.TakeEnded(At(110)), ElementsAre(7));
    EXPECT_EQ(device.NextEnd(), absl::InfiniteFuture());
  }
}

TEST(DeviceModelTest, AnOverheadPassesWhileAnotherPassComputes) {
  DeviceModel device = DeviceOf(DeviceKind::kPipelined);
  device.Begin(1, 100, At(0));
  device.Begin(2, 100, At(50));
  EXPECT_FALSE(device.has_free_worker());
  EXPECT_THAT(device.TakeEnded(At(110)), ElementsAre(1));
  EXPECT_EQ(device.NextEnd(), At(210));
  // Where nothing computes any more, the overhead is waited for.
  EXPECT_THAT(device.TakeEnded(At(210)), ElementsAre(2));
  device.Begin(3, 100, At(300));
  EXPECT_EQ(device.NextEnd(), At(410));
}

TEST(DeviceModelTest, PassesShareADeviceEvenlyWhileBothRun) {
  DeviceModel device = DeviceOf(DeviceKind::kShared);
  device.Begin(1, 90, At(0));   // 100 ms alone.
  device.Begin(2, 90, At(50));  // Together from here.
  EXPECT_EQ(device.NextEnd(), At(150));
  EXPECT_THAT(device.TakeEnded(At(150)), ElementsAre(1));
  EXPECT_EQ(device.NextEnd(), At(200));
  EXPECT_THAT(device.TakeEnded(At(200)), ElementsAre(2));
}

TEST(DeviceModelTest, WorkersWithDevicesOfTheirOwnDoNotMeet) {
  DeviceModel device = DeviceOf(DeviceKind::kOwn);
  device.Begin(1, 100, At(0));
  device.Begin(2, 50, At(0));
  // Together they compute 1,000 tokens a second, each half.
  EXPECT_EQ(device.NextEnd(), At(110));
  EXPECT_THAT(device.TakeEnded(At(110)), ElementsAre(2));
  EXPECT_EQ(device.NextEnd(), At(210));
}

}  // namespace
}  // namespace assay::fleet
