#include "model/stored_numbers.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace assay {
namespace {

// IEEE 754 binary16.
float FromHalf(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = (bits >> 10) & 0x1F;
  const uint32_t fraction = bits & 0x3FF;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
  return sign != 0 ? -magnitude : magnitude;
}

template <typename T, typename Convert>
void ConvertEach(const char* bytes, size_t count, float* out, Convert convert) {
  for (size_t i = 0; i < count; ++i) {
    T bits;
    std::memcpy(&bits, bytes + i * sizeof(T), sizeof(T));
    out[i] = convert(bits);
  }
}

}  // namespace

void ToFloat32(TensorDtype dtype, const char* bytes, size_t count, float* out) {
  switch (dtype) {
    case TensorDtype::kBFloat16:
      ConvertEach<uint16_t>(bytes, count, out, [](uint16_t bits) {
        return std::bit_cast<float>(uint32_t{bits} << 16);
      });
      break;
    case TensorDtype::kFloat16:
      ConvertEach<uint16_t>(bytes, count, out, FromHalf);
      break;
    case TensorDtype::kFloat32:
      std::memcpy(out, bytes, count * sizeof(float));
      break;
  }
}

uint16_t RoundToBFloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

}  // namespace assay
