// The CUDA side is proved by tests/bench/gpu/gpu_test.cc.
#include "model/device_stream.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(DeviceStreamTest, OnTheCpuThereIsNoStreamAndNothingToWaitFor) {
  const DeviceStream stream(at::kCPU);
  EXPECT_FALSE(stream.stream().has_value());
  const StreamScope scope(stream);
  EXPECT_EQ(at::ones({3}).sum().item<float>(), 3);
  SynchronizeDevice(at::kCPU);
}

TEST(DeviceStreamTest, ADeviceThatIsNotThereThrows) {
  EXPECT_THROW(DeviceStream(c10::Device(c10::DeviceType::CUDA, 99)), c10::Error);
}

}  // namespace
}  // namespace assay
