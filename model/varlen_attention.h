// model/varlen_attention.h
// Attention over the segments of a pack by torch's flash kernel for sequences of different lengths, on CUDA, in one call a
// run (pass_plan.h), which is one for the whole pack but where very many keys are shared: a segment is a sequence of its
// own rows as queries and of its path from the sequence's beginning as keys.
// Runs in c10::InferenceMode; throws what torch throws.
// Source: Dao 2023, "FlashAttention-2"; torch's operator _flash_attention_forward with cumulative lengths.
//
// What a row's bits depend on. The kernel gives a block of 64 or 128 query rows of one sequence and head to one thread
// block, which walks that sequence's keys in blocks counted from the first key; its block sizes follow from D and the
// card alone, and no other sequence is read. So a segment's rows do not depend on the other segments of the pack,
// provided that the largest segment has at least two rows: for single rows alone the operator takes another kernel, and
// so `longest_query` is never given as less than 2.
// With a shared prefix, a row lies at another place in its query block than in the whole sequence. It still meets the
// same key blocks in the same order, and keys hidden from it add exact zeros, so equal bits are likely; but the masked
// and the unmasked part of the kernel's loop are compiled apart, which place decides between, and nothing promises that
// they round alike. Deterministic mode therefore does not share prefixes on CUDA (reward_model.h).
#ifndef ASSAY_MODEL_VARLEN_ATTENTION_H_
#define ASSAY_MODEL_VARLEN_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/pass_plan.h"

namespace assay {

// Whether the kernel takes such tensors: bfloat16 on CUDA, head dimension a multiple of 8 and at most 256. Others go
// through SegmentAttention() of ops.h. Of cards, it takes compute capability 8.0 and newer; an older one throws.
bool VarlenAttentionTakes(at::Device device, at::ScalarType dtype, int64_t head_dimension);

// As SegmentAttention() in ops.h: q [N, A, D], k and v [N, B, D] bfloat16, each row without gaps -> [N, A x D] bfloat16.
// numbers: the plan's, int32 on the device.
at::Tensor VarlenAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const std::vector<AttentionRun>& runs, const at::Tensor& numbers);

}  // namespace assay

#endif  // ASSAY_MODEL_VARLEN_ATTENTION_H_
