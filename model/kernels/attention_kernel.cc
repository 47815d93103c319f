#include "model/kernels/attention_kernel.h"

#include "model/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/attention_kernel.cc"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "hwy/foreach_target.h"
#include "model/aligned_buffer.h"
#include "model/kernels/tile-inl.h"

ASSAY_BEFORE_NAMESPACE();
namespace assay {
namespace HWY_NAMESPACE {

// Keys whose logits are one step of the running softmax. Part of the arithmetic: a score's bits depend on it.
constexpr size_t kKeyBlock = 64;
constexpr float kLog2E = 1.44269504f;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

constexpr size_t RoundUp(size_t n, size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Tile<kRows, kTileVectors>, or as many vectors as are wanted of it.
template <typename N, typename Finish>
HWY_INLINE void Accumulate(size_t vectors, const typename N::Left* a, size_t stride,
                           const typename N::Right* b, size_t steps, const Finish& finish) {
  const auto run = [&](auto count) {
    typename N::Sums sums[kTileRows][count.value];
    finish.template Load<count.value>(sums);
    N::template Accumulate<kTileRows, count.value>(a, stride, b, kPanelColumns * N::kDepth, steps,
                                                   sums);
    finish.template Store<count.value>(sums);
  };
  switch (vectors) {
    case 1:
      return run(std::integral_constant<int, 1>());
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    case 2:
      return run(std::integral_constant<int, 2>());
    case 3:
      return run(std::integral_constant<int, 3>());
#endif
    default:
      return run(std::integral_constant<int, kTileVectors>());
  }
}

// Begins at zero, ends in `to`.
struct Logits {
  float* to;
  size_t stride;

  template <int kVectors>
  HWY_INLINE void Load(Floats (&sums)[kTileRows][kVectors]) const {
    ASSAY_UNROLL for (auto& row : sums) {
      ASSAY_UNROLL for (Floats& sum : row) sum = hn::Zero(FloatTag());
    }
  }
  template <int kVectors>
  HWY_INLINE void Store(const Floats (&sums)[kTileRows][kVectors]) const {
    ASSAY_UNROLL for (int i = 0; i < kTileRows; ++i) {
      ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
        hn::StoreU(sums[i][j], FloatTag(), to + i * stride + j * kLanes);
      }
    }
  }
};

// Begins at `sums_at` times each row's factor, ends there.
struct Rescaled {
  float* sums_at;
  size_t stride;
  const float* factors;

  template <int kVectors>
  HWY_INLINE void Load(Floats (&sums)[kTileRows][kVectors]) const {
    ASSAY_UNROLL for (int i = 0; i < kTileRows; ++i) {
      const Floats factor = hn::Set(FloatTag(), factors[i]);
      ASSAY_UNROLL for (int j = 0; j < kVectors; ++j) {
        sums[i][j] = hn::Mul(LoadFrom(sums_at + i * stride + j * kLanes), factor);
      }
    }
  }
  template <int kVectors>
  HWY_INLINE void Store(const Floats (&sums)[kTileRows][kVectors]) const {
    Logits{sums_at, stride}.Store<kVectors>(sums);
  }
};

// One sequence's keys and values of one key head, in the order of the tiles.
template <typename N, typename T>
class PackedKeys {
 public:
  PackedKeys(const AttentionShape& shape, size_t key_head, absl::Span<const int32_t> rows,
             const T* k, const T* v)
      : head_dim_(shape.head_dim),
        value_columns_(RoundUp(head_dim_, kPanelColumns)),
        words_(head_dim_ * sizeof(T) / sizeof(uint32_t)) {
    const size_t padded = RoundUp(rows.size(), kKeyBlock);
    static thread_local AlignedBuffer<uint32_t> key_memory;
    static thread_local AlignedBuffer<T> value_memory;
    keys_ = key_memory.Reserve(padded * words_);
    values_ = value_memory.Reserve(padded * value_columns_);
    const size_t stride = shape.key_heads * head_dim_;
    const size_t first = key_head * head_dim_;
    for (size_t i = 0; i < padded; ++i) {
      PackKey(i, i < rows.size() ? k + rows[i] * stride + first : nullptr);
    }
    for (size_t i = 0; i < padded; i += N::kDepth) {
      const T* const one = i < rows.size() ? v + rows[i] * stride + first : nullptr;
      const T* const next = i + 1 < rows.size() ? v + rows[i + 1] * stride + first : nullptr;
      PackValues(i, one, next);
    }
  }

  const T* keys(size_t block, size_t panel) const {
    return reinterpret_cast<const T*>(keys_ + (block * kKeyBlock + panel * kPanelColumns) * words_);
  }
  const T* values(size_t block, size_t panel) const {
    return values_ + block * kKeyBlock * value_columns_ + panel * kPanelColumns * kKeyBlock;
  }
  size_t value_columns() const { return value_columns_; }

 private:
  // [keys / panel][words][panel]: column `key` of its panel.
  void PackKey(size_t key, const T* from) {
    uint32_t* to = keys_ + key / kPanelColumns * kPanelColumns * words_ + key % kPanelColumns;
    for (size_t w = 0; w < words_; ++w, to += kPanelColumns) {
      uint32_t word = 0;
      if (from != nullptr) std::memcpy(&word, from + w * sizeof(word) / sizeof(T), sizeof(word));
      *to = word;
    }
  }

  // [blocks][columns / panel][keys of a block / kDepth][panel][kDepth]
  T* ValuesAt(size_t key, size_t column) {
    const size_t block = key / kKeyBlock;
    return values_ + block * kKeyBlock * value_columns_ +
           column / kPanelColumns * kPanelColumns * kKeyBlock + key % kKeyBlock * kPanelColumns +
           column % kPanelColumns * N::kDepth;
  }
  void PackValues(size_t key, const float* one, const float*) {
    for (size_t column = 0; column < value_columns_; ++column) {
      *ValuesAt(key, column) = one != nullptr && column < head_dim_ ? one[column] : 0.0f;
    }
  }
  void PackValues(size_t key, const uint16_t* one, const uint16_t* next) {
    const HalfTag halves;
    const WordTag words;
    size_t column = 0;
    if (one != nullptr && next != nullptr) {
      for (; column + kLanes <= head_dim_; column += kLanes) {
        const auto low = hn::PromoteTo(words, hn::LoadU(halves, one + column));
        const auto high = hn::PromoteTo(words, hn::LoadU(halves, next + column));
        hn::StoreU(hn::Or(low, hn::ShiftLeft<16>(high)), words,
                   reinterpret_cast<uint32_t*>(ValuesAt(key, column)));
      }
    }
    for (; column < value_columns_; ++column) {
      uint16_t* const to = ValuesAt(key, column);
      to[0] = one != nullptr && column < head_dim_ ? one[column] : 0;
      to[1] = next != nullptr && column < head_dim_ ? next[column] : 0;
    }
  }

  const size_t head_dim_;
  const size_t value_columns_;
  const size_t words_;
  uint32_t* keys_;
  T* values_;
};

// kTileRows queries of one head.
template <typename N, typename T, bool kNative>
class QueryTile {
 public:
  QueryTile(const AttentionShape& shape, const PackedKeys<N, T>& keys)
      : shape_(shape), keys_(keys), scale_(kLog2E / std::sqrt(static_cast<float>(shape.head_dim))) {
    static thread_local AlignedBuffer<T> query_memory;
    static thread_local AlignedBuffer<float> sum_memory;
    queries_ = query_memory.Reserve(kTileRows * shape.head_dim);
    sums_ = sum_memory.Reserve(kTileRows * keys.value_columns());
  }

  // `count` of at most kTileRows queries; the rest of the tile repeats the last of them.
  void Run(const AttentionQuery* queries, size_t count, size_t head, const T* q, T* out,
           size_t out_stride) {
    const size_t dim = shape_.head_dim;
    size_t most_visible = 0;
    for (size_t i = 0; i < kTileRows; ++i) {
      const AttentionQuery& query = queries[std::min(i, count - 1)];
      visible_[i] = static_cast<size_t>(query.visible);
      most_visible = std::max(most_visible, visible_[i]);
      std::memcpy(queries_ + i * dim, q + query.row * (shape_.heads * dim) + head * dim,
                  dim * sizeof(T));
      largest_[i] = kMinusInfinity;
      totals_[i] = hn::Zero(FloatTag());
    }
    std::fill(sums_, sums_ + kTileRows * keys_.value_columns(), 0.0f);
    for (size_t block = 0; block * kKeyBlock < most_visible; ++block) {
      AddBlock(block, std::min(kKeyBlock, most_visible - block * kKeyBlock));
    }
    for (size_t i = 0; i < count; ++i) {
      Finish(i, out + queries[i].row * out_stride + head * dim);
    }
  }

 private:
  // The block's first `keys` keys.
  void AddBlock(size_t block, size_t keys) {
    for (size_t begin = 0; begin < keys; begin += kPanelColumns) {
      const size_t vectors = std::min<size_t>(kTileVectors, (keys - begin + kLanes - 1) / kLanes);
      Accumulate<N>(vectors, queries_, shape_.head_dim, keys_.keys(block, begin / kPanelColumns),
                    shape_.head_dim / N::kDepth, Logits{logits_ + begin, kKeyBlock});
    }
    for (size_t i = 0; i < kTileRows; ++i) TakeProbabilities(i, block, keys);
    const size_t steps = (keys + N::kDepth - 1) / N::kDepth;
    for (size_t begin = 0; begin < shape_.head_dim; begin += kPanelColumns) {
      const size_t vectors =
          std::min<size_t>(kTileVectors, (shape_.head_dim - begin + kLanes - 1) / kLanes);
      Accumulate<N>(vectors, probabilities_, kKeyBlock, keys_.values(block, begin / kPanelColumns),
                    steps, Rescaled{sums_ + begin, keys_.value_columns(), rescale_});
    }
  }

  // Logits of row i to probabilities relative to the largest logit so far, and the factor for what was summed before.
  void TakeProbabilities(size_t i, size_t block, size_t keys) {
    const FloatTag floats;
    float* const logits = logits_ + i * kKeyBlock;
    const size_t before = block * kKeyBlock;
    const size_t seen = visible_[i] > before ? visible_[i] - before : 0;
    if (seen < keys) {
      const Floats minus_infinity = hn::Set(floats, kMinusInfinity);
      for (size_t j = seen / kLanes * kLanes; j < keys; j += kLanes) {
        const Floats at = hn::Iota(floats, static_cast<float>(j));
        const auto is_seen = hn::Lt(at, hn::Set(floats, static_cast<float>(seen)));
        hn::StoreU(hn::IfThenElse(is_seen, LoadFrom(logits + j), minus_infinity), floats,
                   logits + j);
      }
    } else if (keys < RoundUp(keys, kLanes)) {
      for (size_t j = keys; j < RoundUp(keys, kLanes); ++j) logits[j] = kMinusInfinity;
    }
    Floats top = hn::Set(floats, kMinusInfinity);
    for (size_t j = 0; j < keys; j += kLanes) top = hn::Max(top, LoadFrom(logits + j));
    const float block_top = hn::GetLane(hn::MaxOfLanes(floats, top)) * scale_;
    const float largest = std::max(largest_[i], block_top);
    // Where nothing has been seen yet there is nothing to be relative to.
    const float base = largest == kMinusInfinity ? 0.0f : largest;
    const Floats factor = Exp2(hn::Set(floats, largest_[i] - base));
    rescale_[i] = hn::GetLane(factor);
    largest_[i] = largest;
    Floats total = hn::Mul(totals_[i], factor);
    const Floats scale = hn::Set(floats, scale_), minus_base = hn::Set(floats, -base);
    for (size_t j = 0; j < keys; j += kLanes) {
      const Floats p = Exp2(hn::MulAdd(LoadFrom(logits + j), scale, minus_base));
      total = hn::Add(total, p);
      StoreAs<kNative>(p, probabilities_ + i * kKeyBlock + j);
    }
    totals_[i] = total;
  }

  void Finish(size_t i, T* out) {
    const FloatTag floats;
    const Floats inverse = hn::Div(hn::Set(floats, 1.0f), hn::SumOfLanes(floats, totals_[i]));
    const float* const sums = sums_ + i * keys_.value_columns();
    size_t column = 0;
    for (; column + kLanes <= shape_.head_dim; column += kLanes) {
      StoreAs<kNative>(hn::Mul(LoadFrom(sums + column), inverse), out + column);
    }
    if (column == shape_.head_dim) return;
    T rest[kLanes];
    StoreAs<kNative>(hn::Mul(LoadFrom(sums + column), inverse), rest);
    std::copy(rest, rest + (shape_.head_dim - column), out + column);
  }

  const AttentionShape& shape_;
  const PackedKeys<N, T>& keys_;
  const float scale_;
  T* queries_;   // [kTileRows, D]
  float* sums_;  // [kTileRows, value_columns]
  size_t visible_[kTileRows];
  float largest_[kTileRows];  // Of the scaled logits, in powers of two.
  float rescale_[kTileRows];
  Floats totals_[kTileRows];  // Lane by lane.
  alignas(64) float logits_[kTileRows * kKeyBlock];
  alignas(64) T probabilities_[kTileRows * kKeyBlock];
};

template <typename N, typename T, bool kNative>
void AttendAs(const AttentionShape& shape, size_t key_head,
              absl::Span<const AttentionQuery> queries, absl::Span<const int32_t> key_rows,
              const void* q, const void* k, const void* v, void* out, size_t out_stride) {
  size_t most_visible = 0;
  for (const AttentionQuery& query : queries) {
    most_visible = std::max(most_visible, static_cast<size_t>(query.visible));
  }
  const PackedKeys<N, T> keys(shape, key_head, key_rows.subspan(0, most_visible),
                              static_cast<const T*>(k), static_cast<const T*>(v));
  QueryTile<N, T, kNative> tile(shape, keys);
  const size_t group = shape.heads / shape.key_heads;
  for (size_t i = 0; i < queries.size(); i += kTileRows) {
    for (size_t head = key_head * group; head < (key_head + 1) * group; ++head) {
      tile.Run(queries.data() + i, std::min<size_t>(kTileRows, queries.size() - i), head,
               static_cast<const T*>(q), static_cast<T*>(out), out_stride);
    }
  }
}

void AttendHere(const AttentionShape& shape, size_t key_head,
                absl::Span<const AttentionQuery> queries, absl::Span<const int32_t> key_rows,
                const void* q, const void* k, const void* v, void* out, size_t out_stride) {
  if (shape.numbers == Numbers::kFloat32) {
    return AttendAs<Float32Numbers, float, false>(shape, key_head, queries, key_rows, q, k, v, out,
                                                  out_stride);
  }
#if ASSAY_HAS_DL
  if (HasBFloat16Products()) {
    return AttendAs<BFloat16Numbers<true>, uint16_t, true>(shape, key_head, queries, key_rows, q, k,
                                                           v, out, out_stride);
  }
#endif
  AttendAs<BFloat16Numbers<false>, uint16_t, false>(shape, key_head, queries, key_rows, q, k, v,
                                                    out, out_stride);
}

}  // namespace HWY_NAMESPACE
}  // namespace assay
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace assay {

HWY_EXPORT(AttendHere);

void Attend(const AttentionShape& shape, size_t key_head, absl::Span<const AttentionQuery> queries,
            absl::Span<const int32_t> key_rows, const void* q, const void* k, const void* v,
            void* out, size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(AttendHere)(shape, key_head, queries, key_rows, q, k, v, out, out_stride);
}

}  // namespace assay
#endif  // HWY_ONCE
