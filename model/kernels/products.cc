#include "model/kernels/products.h"

#include "model/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/products.cc"
#include <algorithm>

#include "hwy/foreach_target.h"
#include "model/kernels/tile-inl.h"

ASSAY_BEFORE_NAMESPACE();
namespace assay {
namespace HWY_NAMESPACE {

// A panel of deeper matrices is read in parts that stay in the cache while the rows pass; sums wait in memory between.
constexpr size_t kDepthBlock = 2048;

// Sums to float32. Those of int8 take off what the offset of the left side added, exactly, then both scales.
template <int kRows>
HWY_INLINE void ToFloats(const ProductRows&, const PackedMatrix&, size_t, size_t,
                         Floats (&sums)[kRows][kTileVectors], Floats (&out)[kRows][kTileVectors]) {
  ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
    ASSAY_UNROLL for (int j = 0; j < kTileVectors; ++j) out[i][j] = sums[i][j];
  }
}
#if ASSAY_HAS_DL
template <int kRows>
HWY_INLINE void ToFloats(const ProductRows& rows, const PackedMatrix& matrix, size_t row,
                         size_t column, hn::Vec<IntTag> (&sums)[kRows][kTileVectors],
                         Floats (&out)[kRows][kTileVectors]) {
  const FloatTag floats;
  ASSAY_UNROLL for (int j = 0; j < kTileVectors; ++j) {
    const auto offset = hn::LoadU(IntTag(), matrix.byte_sums.data() + column + j * kLanes);
    const auto scale = hn::LoadU(floats, matrix.scales.data() + column + j * kLanes);
    ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
      const auto exact = hn::ConvertTo(floats, hn::Sub(sums[i][j], offset));
      out[i][j] = hn::Mul(hn::Mul(exact, scale), hn::Set(floats, rows.scales[row + i]));
    }
  }
}
#endif

struct Store {
  float* out;
  size_t stride;
  size_t first_column;

  template <int kRows>
  HWY_INLINE void operator()(size_t row, size_t column,
                             const Floats (&sums)[kRows][kTileVectors]) const {
    ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
      float* const to = out + (row + i) * stride + column - first_column;
      ASSAY_UNROLL for (int j = 0; j < kTileVectors; ++j) {
        hn::StoreU(sums[i][j], FloatTag(), to + j * kLanes);
      }
    }
  }
};

struct Add {
  float* x;
  size_t stride;

  template <int kRows>
  HWY_INLINE void operator()(size_t row, size_t column,
                             const Floats (&sums)[kRows][kTileVectors]) const {
    ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
      float* const to = x + (row + i) * stride + column;
      ASSAY_UNROLL for (int j = 0; j < kTileVectors; ++j) {
        hn::StoreU(hn::Add(LoadFrom(to + j * kLanes), sums[i][j]), FloatTag(), to + j * kLanes);
      }
    }
  }
};

template <bool kNative, typename T>
struct SwiGlu {
  T* out;
  size_t stride;

  template <int kRows>
  HWY_INLINE void operator()(size_t row, size_t column,
                             const Floats (&sums)[kRows][kTileVectors]) const {
    constexpr int kHalf = kTileVectors / 2;
    const FloatTag floats;
    const auto minus_log2_e = hn::Set(floats, -1.44269504f);
    ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
      T* const to = out + (row + i) * stride + column / 2;
      ASSAY_UNROLL for (int j = 0; j < kHalf; ++j) {
        const Floats gate = sums[i][j];
        const Floats divisor = hn::Add(hn::Set(floats, 1.0f), Exp2(hn::Mul(gate, minus_log2_e)));
        StoreAs<kNative>(hn::Mul(hn::Div(gate, divisor), sums[i][j + kHalf]), to + j * kLanes);
      }
    }
  }
};

// One tile of a panel, from one part of the depth to the next.
template <typename N, typename Finish>
struct PanelPart {
  const ProductRows& rows;
  const PackedMatrix& matrix;
  size_t panel;
  size_t depth_begin;
  size_t depth_end;
  char* waiting;  // Sums between parts, [R, panel_columns].
  const Finish& finish;

  template <int kRows>
  void Tile(size_t row) const {
    using Sums = typename N::Sums;
    using Part = std::conditional_t<std::is_same_v<Sums, Floats>, float, int32_t>;
    const hn::ScalableTag<Part> tag;
    Part* const part = reinterpret_cast<Part*>(waiting) + row * kPanelColumns;
    Sums sums[kRows][kTileVectors];
    ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
      ASSAY_UNROLL for (int j = 0; j < kTileVectors; ++j) {
        sums[i][j] =
            depth_begin == 0 ? N::Zero() : hn::LoadU(tag, part + i * kPanelColumns + j * kLanes);
      }
    }
    const auto* const left =
        static_cast<const typename N::Left*>(rows.data) + row * rows.stride + depth_begin;
    const auto* const right = reinterpret_cast<const typename N::Right*>(matrix.panel(panel)) +
                              depth_begin * kPanelColumns;
    N::template Accumulate<kRows, kTileVectors>(left, rows.stride, right, kPanelColumns * N::kDepth,
                                                (depth_end - depth_begin) / N::kDepth, sums);
    if (depth_end < matrix.depth) {
      ASSAY_UNROLL for (int i = 0; i < kRows; ++i) {
        ASSAY_UNROLL for (int j = 0; j < kTileVectors; ++j) {
          hn::StoreU(sums[i][j], tag, part + i * kPanelColumns + j * kLanes);
        }
      }
      return;
    }
    const size_t column = panel * kPanelColumns;
    Floats floats[kRows][kTileVectors];
    ToFloats<kRows>(rows, matrix, row, column, sums, floats);
    finish.template operator()<kRows>(row, column, floats);
  }

  void LastTile(size_t row, size_t count) const {
    switch (count) {
      case 1:
        return Tile<1>(row);
      case 2:
        return Tile<2>(row);
      case 3:
        return Tile<3>(row);
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
      case 4:
        return Tile<4>(row);
      case 5:
        return Tile<5>(row);
#endif
      default:
        return;
    }
  }

  void Run() const {
    size_t row = 0;
    for (; row + kTileRows <= rows.count; row += kTileRows) Tile<kTileRows>(row);
    LastTile(row, rows.count - row);
  }
};

template <typename N, typename Finish>
void RunPanels(const ProductRows& rows, const PackedMatrix& matrix, size_t first_panel,
               size_t end_panel, const Finish& finish) {
  static thread_local AlignedBuffer<char> waiting;
  waiting.Reserve(rows.count * kPanelColumns * sizeof(float));
  for (size_t panel = first_panel; panel < end_panel; ++panel) {
    for (size_t begin = 0; begin < matrix.depth; begin += kDepthBlock) {
      const size_t end = std::min(begin + kDepthBlock, matrix.depth);
      PanelPart<N, Finish>{rows, matrix, panel, begin, end, waiting.data(), finish}.Run();
    }
  }
}

template <typename Finish>
void Run(const ProductRows& rows, const PackedMatrix& matrix, size_t first_panel, size_t end_panel,
         const Finish& finish) {
  switch (matrix.numbers) {
    case Numbers::kFloat32:
      return RunPanels<Float32Numbers>(rows, matrix, first_panel, end_panel, finish);
    case Numbers::kBFloat16:
#if ASSAY_HAS_DL
      if (HasBFloat16Products()) {
        return RunPanels<BFloat16Numbers<true>>(rows, matrix, first_panel, end_panel, finish);
      }
#endif
      return RunPanels<BFloat16Numbers<false>>(rows, matrix, first_panel, end_panel, finish);
    case Numbers::kInt8:
#if ASSAY_HAS_DL
      return RunPanels<Int8Numbers>(rows, matrix, first_panel, end_panel, finish);
#else
      return;  // Refused at load; see HasInt8Products().
#endif
  }
}

size_t PanelColumnsHere() { return kPanelColumns; }

void MultiplyHere(const ProductRows& rows, const PackedMatrix& matrix, size_t first_panel,
                  size_t end_panel, float* out, size_t out_stride) {
  Run(rows, matrix, first_panel, end_panel, Store{out, out_stride, first_panel * kPanelColumns});
}

void MultiplyAddHere(const ProductRows& rows, const PackedMatrix& matrix, float* x,
                     size_t x_stride) {
  Run(rows, matrix, 0, matrix.panels(), Add{x, x_stride});
}

void MultiplySwiGluHere(const ProductRows& rows, const PackedMatrix& matrix, Numbers out_numbers,
                        void* out, size_t out_stride) {
  const size_t panels = matrix.panels();
  if (out_numbers == Numbers::kFloat32) {
    Run(rows, matrix, 0, panels, SwiGlu<false, float>{static_cast<float*>(out), out_stride});
    return;
  }
  uint16_t* const half = static_cast<uint16_t*>(out);
#if ASSAY_HAS_DL
  if (HasBFloat16Products()) {
    return Run(rows, matrix, 0, panels, SwiGlu<true, uint16_t>{half, out_stride});
  }
#endif
  Run(rows, matrix, 0, panels, SwiGlu<false, uint16_t>{half, out_stride});
}

}  // namespace HWY_NAMESPACE
}  // namespace assay
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay {

HWY_EXPORT(PanelColumnsHere);
HWY_EXPORT(MultiplyHere);
HWY_EXPORT(MultiplyAddHere);
HWY_EXPORT(MultiplySwiGluHere);

size_t PanelColumns() { return HWY_DYNAMIC_DISPATCH(PanelColumnsHere)(); }

void Multiply(const ProductRows& rows, const PackedMatrix& matrix, size_t first_panel,
              size_t end_panel, float* out, size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(MultiplyHere)(rows, matrix, first_panel, end_panel, out, out_stride);
}

void MultiplyAdd(const ProductRows& rows, const PackedMatrix& matrix, float* x, size_t x_stride) {
  HWY_DYNAMIC_DISPATCH(MultiplyAddHere)(rows, matrix, x, x_stride);
}

void MultiplySwiGlu(const ProductRows& rows, const PackedMatrix& matrix, Numbers out_numbers,
                    void* out, size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(MultiplySwiGluHere)(rows, matrix, out_numbers, out, out_stride);
}

}  // namespace assay
#endif  // HWY_ONCE
