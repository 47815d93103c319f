// model/kernels/vectors-inl.h
// Vectors of float32 for one instruction set, and what the kernels need of them beyond Highway. Included once for each.
// Letters: a "panel" is as many columns of a product as one tile computes at a time.
#if defined(ASSAY_MODEL_KERNELS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_MODEL_KERNELS_VECTORS_INL_H_
#undef ASSAY_MODEL_KERNELS_VECTORS_INL_H_
#else
#define ASSAY_MODEL_KERNELS_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

// With AVX-512 everything is compiled with products of int8 and bfloat16 allowed; the latter are used where the processor
// has them.
#undef ASSAY_BEFORE_NAMESPACE
#undef ASSAY_HAS_DL
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
#define ASSAY_HAS_DL 1
#define ASSAY_BEFORE_NAMESPACE() \
  HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512vnni,avx512bf16") static_assert(true, "")
#else
#define ASSAY_HAS_DL 0
#define ASSAY_BEFORE_NAMESPACE() HWY_BEFORE_NAMESPACE()
#endif

ASSAY_BEFORE_NAMESPACE();
namespace assay {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using WordTag = hn::ScalableTag<uint32_t>;  // A pair of bfloat16, the earlier in the low half.
using IntTag = hn::ScalableTag<int32_t>;
using HalfTag = hn::Rebind<uint16_t, FloatTag>;  // bfloat16, as its bits.
using ByteTag = hn::Rebind<uint8_t, FloatTag>;
using Floats = hn::Vec<FloatTag>;

constexpr size_t kLanes = hn::MaxLanes(FloatTag());
// Tiles that fill the registers: 32 of them with AVX-512, 16 before it.
constexpr int kTileRows = kLanes >= 16 ? 6 : 4;
constexpr int kTileVectors = kLanes >= 16 ? 4 : 2;
constexpr size_t kPanelColumns = kTileVectors * kLanes;

// Rounded to nearest, ties to even; a NaN stays one.
template <bool kNative>
HWY_INLINE hn::Vec<HalfTag> ToBFloat16(Floats x) {
#if ASSAY_HAS_DL
  if constexpr (kNative) {
    return hn::Vec<HalfTag>{(__m256i)_mm512_cvtneps_pbh(x.raw)};
  }
#endif
  const WordTag words;
  const auto bits = hn::BitCast(words, x);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7FFF))));
  const auto quiet = hn::Or(hn::ShiftRight<16>(bits), hn::Set(words, 0x40));
  const auto is_nan = hn::RebindMask(words, hn::IsNaN(x));
  return hn::TruncateTo(HalfTag(), hn::IfThenElse(is_nan, quiet, rounded));
}

HWY_INLINE Floats FromBFloat16(hn::Vec<HalfTag> x) {
  return hn::BitCast(FloatTag(), hn::ShiftLeft<16>(hn::PromoteTo(WordTag(), x)));
}

// Stores and loads kLanes numbers as float32 or bfloat16.
template <bool kNative>
HWY_INLINE void StoreAs(Floats x, float* to) {
  hn::StoreU(x, FloatTag(), to);
}
template <bool kNative>
HWY_INLINE void StoreAs(Floats x, uint16_t* to) {
  hn::StoreU(ToBFloat16<kNative>(x), HalfTag(), to);
}
HWY_INLINE Floats LoadFrom(const float* from) { return hn::LoadU(FloatTag(), from); }
HWY_INLINE Floats LoadFrom(const uint16_t* from) {
  return FromBFloat16(hn::LoadU(HalfTag(), from));
}

// 2^x: 0 below 2^-126, never infinite (x is held to 127), NaN for NaN. Largest relative error 4e-7: Taylor's series of
// 2^f around 0, |f| <= 1/2, up to f^6.
HWY_INLINE Floats Exp2(Floats x) {
  const FloatTag floats;
  const IntTag ints;
  const auto held = hn::Min(x, hn::Set(floats, 127.0f));
  const auto whole = hn::Round(held);
  const auto f = hn::Sub(held, whole);
  auto sum = hn::Set(floats, 1.5403530e-4f);
  sum = hn::MulAdd(sum, f, hn::Set(floats, 1.3333558e-3f));
  sum = hn::MulAdd(sum, f, hn::Set(floats, 9.6181291e-3f));
  sum = hn::MulAdd(sum, f, hn::Set(floats, 5.5504109e-2f));
  sum = hn::MulAdd(sum, f, hn::Set(floats, 2.4022651e-1f));
  sum = hn::MulAdd(sum, f, hn::Set(floats, 6.9314718e-1f));
  sum = hn::MulAdd(sum, f, hn::Set(floats, 1.0f));
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(ints, whole));
  const auto scaled = hn::BitCast(floats, hn::Add(hn::BitCast(ints, sum), exponent));
  const auto in_range = hn::IfThenZeroElse(hn::Lt(x, hn::Set(floats, -126.0f)), scaled);
  return hn::IfThenElse(hn::IsNaN(x), x, in_range);
}

}  // namespace HWY_NAMESPACE
}  // namespace assay
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_MODEL_KERNELS_VECTORS_INL_H_
