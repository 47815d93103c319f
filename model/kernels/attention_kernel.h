// model/kernels/attention_kernel.h
// Attention of some query rows over the keys of one sequence, for one key head and the query heads that read it. On one
// thread; vectorised for the processor it runs on.
// Promise: a query's result depends, to the bit, on the query and on the keys that it sees alone: keys are taken in blocks
// counted from the start of the sequence, so neither the rows computed with it, nor how the sequence is cut into shared
// segments, nor the pack around it change anything.
// Letters: A query heads, B key heads (B divides A), D head dimension (even).
#ifndef ASSAY_MODEL_KERNELS_ATTENTION_KERNEL_H_
#define ASSAY_MODEL_KERNELS_ATTENTION_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "model/kernels/packed_matrix.h"

namespace assay {

struct AttentionShape {
  size_t heads = 0;                      // A
  size_t key_heads = 0;                  // B
  size_t head_dim = 0;                   // D
  Numbers numbers = Numbers::kBFloat16;  // Of q, k, v and out: float32 or bfloat16.
};

// One token that looks back.
struct AttentionQuery {
  int32_t row = 0;      // In q and out.
  int32_t visible = 0;  // It sees the sequence's keys 0..visible-1; > 0.
};

// out[row] of query head a = softmax(q k^T / sqrt(D)) v over the keys that the query sees, for the A / B query heads a of
// `key_head`. q [*, A x D]; k, v [*, B x D]; out [*, out_stride]. `key_rows`: the rows of k and v that are the sequence,
// in order; at least the largest `visible`. Sums and the softmax are float32.
// Source: Vaswani et al. 2017, equation 1; grouped heads: Ainslie et al. 2023, "GQA"; the running softmax: Dao et al.
// 2022, "FlashAttention", algorithm 1. Throws std::bad_alloc.
void Attend(const AttentionShape& shape, size_t key_head, absl::Span<const AttentionQuery> queries,
            absl::Span<const int32_t> key_rows, const void* q, const void* k, const void* v,
            void* out, size_t out_stride);

}  // namespace assay

#endif  // ASSAY_MODEL_KERNELS_ATTENTION_KERNEL_H_
