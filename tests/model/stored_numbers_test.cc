#include "model/stored_numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace assay {
namespace {

template <typename T>
std::vector<float> Read(TensorDtype dtype, const std::vector<T>& bits) {
  // At an odd address: a checkpoint promises none.
  std::string bytes(1, ' ');
  bytes.append(reinterpret_cast<const char*>(bits.data()), bits.size() * sizeof(T));
  std::vector<float> numbers(bits.size());
  ToFloat32(dtype, bytes.data() + 1, bits.size(), numbers.data());
  return numbers;
}

TEST(StoredNumbersTest, ReadsEachTypeExactly) {
  EXPECT_EQ(Read<float>(TensorDtype::kFloat32, {1.5f, -3e-20f}),
            (std::vector<float>{1.5f, -3e-20f}));
  EXPECT_EQ(Read<uint16_t>(TensorDtype::kBFloat16, {0x3FC0, 0xC000, 0x0001}),
            (std::vector<float>{1.5f, -2.0f, std::ldexp(1.0f, -133)}));
  // Normal, largest, smallest normal, largest and smallest subnormal, negative zero.
  EXPECT_EQ(Read<uint16_t>(TensorDtype::kFloat16, {0xBE00, 0x7BFF, 0x0400, 0x03FF, 0x8001}),
            (std::vector<float>{-1.5f, 65504.0f, std::ldexp(1.0f, -14), std::ldexp(1023.0f, -24),
                                -std::ldexp(1.0f, -24)}));
  EXPECT_TRUE(std::signbit(Read<uint16_t>(TensorDtype::kFloat16, {0x8000})[0]));
  const std::vector<float> odd = Read<uint16_t>(TensorDtype::kFloat16, {0x7C00, 0xFC00, 0x7E01});
  EXPECT_EQ(odd[0], std::numeric_limits<float>::infinity());
  EXPECT_EQ(odd[1], -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(odd[2]));
}

TEST(StoredNumbersTest, RoundsToTheNearestBFloat16AndTiesToEven) {
  const auto back = [](float value) {
    return Read<uint16_t>(TensorDtype::kBFloat16, {RoundToBFloat16(value)})[0];
  };
  EXPECT_EQ(back(1.0f + 1.0f / 256), 1.0f);               // A tie; 1 is even.
  EXPECT_EQ(back(1.0f + 3.0f / 256), 1.0f + 4.0f / 256);  // A tie; up to even.
  EXPECT_EQ(back(1.0f + 1.1f / 256), 1.0f + 2.0f / 256);
  EXPECT_EQ(back(-1.0f - 1.1f / 256), -1.0f - 2.0f / 256);
  EXPECT_EQ(back(3.4e38f), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(back(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace
}  // namespace assay
