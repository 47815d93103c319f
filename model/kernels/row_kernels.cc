#include "model/kernels/row_kernels.h"

#include "model/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/row_kernels.cc"
#include <cmath>

#include "hwy/foreach_target.h"
#include "model/kernels/vectors-inl.h"

ASSAY_BEFORE_NAMESPACE();
namespace assay {
namespace HWY_NAMESPACE {

// The bits of one number, rounded as ToBFloat16() does.
template <bool kNative>
HWY_INLINE void StoreOne(float x, float* to) {
  *to = x;
}
template <bool kNative>
HWY_INLINE void StoreOne(float x, uint16_t* to) {
  uint16_t lanes[kLanes];
  hn::StoreU(ToBFloat16<kNative>(hn::Set(FloatTag(), x)), HalfTag(), lanes);
  *to = lanes[0];
}

// Four sums, so that additions do not wait for each other; their order is fixed by the width alone.
HWY_INLINE float SumOfSquares(const float* x, size_t width) {
  const FloatTag floats;
  Floats sums[4] = {hn::Zero(floats), hn::Zero(floats), hn::Zero(floats), hn::Zero(floats)};
  for (size_t i = 0; i < width; i += 4 * kLanes) {
    for (size_t j = 0; j < 4; ++j) {
      const Floats v = LoadFrom(x + i + j * kLanes);
      sums[j] = hn::MulAdd(v, v, sums[j]);
    }
  }
  const Floats total = hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  return hn::GetLane(hn::SumOfLanes(floats, total));
}

template <bool kNative, typename T>
void RmsNorm(const float* x, const float* weight, size_t hidden, size_t width, float eps, T* out) {
  const float mean = SumOfSquares(x, width) / static_cast<float>(hidden);
  const Floats scale = hn::Set(FloatTag(), 1.0f / std::sqrt(mean + eps));
  for (size_t i = 0; i < width; i += kLanes) {
    StoreAs<kNative>(hn::Mul(hn::Mul(LoadFrom(x + i), scale), LoadFrom(weight + i)), out + i);
  }
}

template <typename T>
float Quantize(const T* x, size_t width, uint8_t* out) {
  const FloatTag floats;
  Floats largest = hn::Zero(floats);
  // Adds up to NaN where a number is NaN or infinite; zero otherwise.
  Floats odd = hn::Zero(floats);
  for (size_t i = 0; i < width; i += kLanes) {
    const Floats v = LoadFrom(x + i);
    largest = hn::Max(largest, hn::Abs(v));
    odd = hn::MulAdd(v, hn::Zero(floats), odd);
  }
  const float top = hn::GetLane(hn::MaxOfLanes(floats, largest));
  const float odd_sum = hn::GetLane(hn::SumOfLanes(floats, odd));
  const float scale = top / 127.0f + odd_sum;
  const Floats inverse = hn::Set(floats, top > 0 && odd_sum == 0 ? 127.0f / top : 0.0f);
  const auto offset = hn::Set(IntTag(), 128);
  for (size_t i = 0; i < width; i += kLanes) {
    const auto rounded = hn::NearestInt(hn::Mul(LoadFrom(x + i), inverse));
    hn::StoreU(hn::DemoteTo(ByteTag(), hn::Add(rounded, offset)), ByteTag(), out + i);
  }
  return scale;
}

template <bool kNative, typename T>
void Rotate(const float* x, const float* cos, const float* sin, size_t heads, size_t head_dim,
            T* out) {
  const size_t half = head_dim / 2;
  for (size_t head = 0; head < heads; ++head, x += head_dim, out += head_dim) {
    size_t i = 0;
    for (; i + kLanes <= half; i += kLanes) {
      const Floats first = LoadFrom(x + i), second = LoadFrom(x + half + i);
      const Floats c = LoadFrom(cos + i), s = LoadFrom(sin + i);
      StoreAs<kNative>(hn::NegMulAdd(second, s, hn::Mul(first, c)), out + i);
      StoreAs<kNative>(hn::MulAdd(first, s, hn::Mul(second, c)), out + half + i);
    }
    for (; i < half; ++i) {
      StoreOne<kNative>(x[i] * cos[i] - x[half + i] * sin[i], out + i);
      StoreOne<kNative>(x[half + i] * cos[i] + x[i] * sin[i], out + half + i);
    }
  }
}

template <bool kNative, typename T>
void Round(const float* x, size_t count, T* out) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) StoreAs<kNative>(LoadFrom(x + i), out + i);
  for (; i < count; ++i) StoreOne<kNative>(x[i], out + i);
}

// Calls work(out as its type, whether the processor rounds to bfloat16 itself).
template <typename Work>
HWY_INLINE void WithNumbers(Numbers numbers, void* out, const Work& work) {
  if (numbers == Numbers::kFloat32) return work(static_cast<float*>(out), std::false_type());
#if ASSAY_HAS_DL
  if (HasBFloat16Products()) return work(static_cast<uint16_t*>(out), std::true_type());
#endif
  work(static_cast<uint16_t*>(out), std::false_type());
}

void RmsNormRowHere(const float* x, const float* weight, size_t hidden, size_t width, float eps,
                    Numbers out_numbers, void* out) {
  WithNumbers(out_numbers, out, [&](auto* typed, auto native) {
    RmsNorm<native.value>(x, weight, hidden, width, eps, typed);
  });
}

float QuantizeRowHere(const void* x, Numbers x_numbers, size_t width, uint8_t* out) {
  return x_numbers == Numbers::kFloat32 ? Quantize(static_cast<const float*>(x), width, out)
                                        : Quantize(static_cast<const uint16_t*>(x), width, out);
}

void RotateRowHere(const float* x, const float* cos, const float* sin, size_t heads,
                   size_t head_dim, Numbers out_numbers, void* out) {
  WithNumbers(out_numbers, out, [&](auto* typed, auto native) {
    Rotate<native.value>(x, cos, sin, heads, head_dim, typed);
  });
}

void RoundRowHere(const float* x, size_t count, Numbers out_numbers, void* out) {
  WithNumbers(out_numbers, out,
              [&](auto* typed, auto native) { Round<native.value>(x, count, typed); });
}

}  // namespace HWY_NAMESPACE
}  // namespace assay
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay {

HWY_EXPORT(RmsNormRowHere);
HWY_EXPORT(QuantizeRowHere);
HWY_EXPORT(RotateRowHere);
HWY_EXPORT(RoundRowHere);

void RmsNormRow(const float* x, const float* weight, size_t hidden, size_t width, float eps,
                Numbers out_numbers, void* out) {
  HWY_DYNAMIC_DISPATCH(RmsNormRowHere)(x, weight, hidden, width, eps, out_numbers, out);
}

float QuantizeRow(const void* x, Numbers x_numbers, size_t width, uint8_t* out) {
  return HWY_DYNAMIC_DISPATCH(QuantizeRowHere)(x, x_numbers, width, out);
}

void RotateRow(const float* x, const float* cos, const float* sin, size_t heads, size_t head_dim,
               Numbers out_numbers, void* out) {
  HWY_DYNAMIC_DISPATCH(RotateRowHere)(x, cos, sin, heads, head_dim, out_numbers, out);
}

void RoundRow(const float* x, size_t count, Numbers out_numbers, void* out) {
  HWY_DYNAMIC_DISPATCH(RoundRowHere)(x, count, out_numbers, out);
}

}  // namespace assay
#endif  // HWY_ONCE
