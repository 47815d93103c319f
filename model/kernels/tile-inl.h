// model/kernels/tile-inl.h
// The inner loop of every product: a tile of kRows x (kVectors x kLanes) sums held in registers while the depth runs by,
// in order, so that a sum's bits depend on its own row and column alone. One form for each kind of number.
//   a          first number of the tile's first row; the next row is `stride` numbers on.
//   b          the panel at the first step; a step is kDepth numbers of each column, column by column.
//   step_size  numbers from one step to the next in b: kDepth x the panel's columns.
#if defined(ASSAY_MODEL_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ASSAY_MODEL_KERNELS_TILE_INL_H_
#undef ASSAY_MODEL_KERNELS_TILE_INL_H_
#else
#define ASSAY_MODEL_KERNELS_TILE_INL_H_
#endif

#include <cstring>

#include "model/kernels/vectors-inl.h"

ASSAY_BEFORE_NAMESPACE();
namespace assay {
namespace HWY_NAMESPACE {

#define ASSAY_UNROLL HWY_UNROLL(8)

struct Float32Numbers {
  using Left = float;
  using Right = float;
  using Sums = Floats;
  static constexpr size_t kDepth = 1;
  static HWY_INLINE Sums Zero() { return hn::Zero(FloatTag()); }

  template <int kRows, int kVectors>
  static HWY_INLINE void Accumulate(const float* a, size_t stride, const float* b, size_t step_size,
                                    size_t steps, Sums (&sums)[kRows][kVectors]) {
    const FloatTag floats;
    for (size_t step = 0; step < steps; ++step) {
      Floats right[kVectors];
      ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
        right[j] = hn::LoadU(floats, b + j * kLanes);
      }
      ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
        const Floats left = hn::Set(floats, a[i * stride + step]);
        ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
          sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
        }
      }
      b += step_size;
    }
  }
};

// kNative: by the processor's own products of pairs, which round the sum of two products once.
template <bool kNative>
struct BFloat16Numbers {
  using Left = uint16_t;
  using Right = uint16_t;
  using Sums = Floats;
  static constexpr size_t kDepth = 2;
  static HWY_INLINE Sums Zero() { return hn::Zero(FloatTag()); }

  template <int kRows, int kVectors>
  static HWY_INLINE void Accumulate(const uint16_t* a, size_t stride, const uint16_t* b,
                                    size_t step_size, size_t steps, Sums (&sums)[kRows][kVectors]) {
    const WordTag words;
    for (size_t step = 0; step < steps; ++step) {
      hn::Vec<WordTag> right[kVectors];
      ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
        right[j] = hn::LoadU(words, reinterpret_cast<const uint32_t*>(b) + j * kLanes);
      }
      ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
        uint32_t pair;
        std::memcpy(&pair, a + i * stride + 2 * step, sizeof(pair));
        AddProducts<kVectors>(pair, right, sums[i]);
      }
      b += step_size;
    }
  }

 private:
  template <int kVectors>
  static HWY_INLINE void AddProducts(uint32_t pair, const hn::Vec<WordTag> (&right)[kVectors],
                                     Sums (&sums)[kVectors]) {
#if ASSAY_HAS_DL
    if constexpr (kNative) {
      const __m512bh left = (__m512bh)_mm512_set1_epi32(static_cast<int>(pair));
      ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
        sums[j].raw = _mm512_dpbf16_ps(sums[j].raw, left, (__m512bh)right[j].raw);
      }
      return;
    }
#endif
    const FloatTag floats;
    const WordTag words;
    const auto low = hn::BitCast(floats, hn::Set(words, pair << 16));
    const auto high = hn::BitCast(floats, hn::Set(words, pair & 0xFFFF0000u));
    ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
      const auto right_low = hn::BitCast(floats, hn::ShiftLeft<16>(right[j]));
      const auto right_high = hn::BitCast(floats, hn::And(right[j], hn::Set(words, 0xFFFF0000u)));
      sums[j] = hn::MulAdd(high, right_high, hn::MulAdd(low, right_low, sums[j]));
    }
  }
};

#if ASSAY_HAS_DL
// Left: 0..255, the number plus 128. Sums are exact.
struct Int8Numbers {
  using Left = uint8_t;
  using Right = int8_t;
  using Sums = hn::Vec<IntTag>;
  static constexpr size_t kDepth = 4;
  static HWY_INLINE Sums Zero() { return hn::Zero(IntTag()); }

  template <int kRows, int kVectors>
  static HWY_INLINE void Accumulate(const uint8_t* a, size_t stride, const int8_t* b,
                                    size_t step_size, size_t steps, Sums (&sums)[kRows][kVectors]) {
    for (size_t step = 0; step < steps; ++step) {
      __m512i right[kVectors];
      ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
        right[j] = _mm512_loadu_si512(b + 4 * kLanes * j);
      }
      ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
        int32_t four;
        std::memcpy(&four, a + i * stride + 4 * step, sizeof(four));
        const __m512i left = _mm512_set1_epi32(four);
        ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
          sums[i][j].raw = _mm512_dpbusd_epi32(sums[i][j].raw, left, right[j]);
        }
      }
      b += step_size;
    }
  }
};
#endif

}  // namespace HWY_NAMESPACE
}  // namespace assay
HWY_AFTER_NAMESPACE();

#endif  // ASSAY_MODEL_KERNELS_TILE_INL_H_
