// model/fused_ops.h
// What lies between the trunk's matrix products, each step as one pass over memory: on CUDA the kernels of model/kernels
// where they were built, elsewhere compositions of ops.h and float8.h, which the kernels are tested against. A step ends in
// what the next product takes: numbers in C, or 8-bit floats with a scale a row, rounded once from float32.
// Run in c10::InferenceMode; throw what torch throws, and std::runtime_error where a kernel cannot be started.
// On CUDA a row's result does not depend, to the bit, on the other rows.
// Letters as in ops.h.
#ifndef ASSAY_MODEL_FUSED_OPS_H_
#define ASSAY_MODEL_FUSED_OPS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/float8.h"
#include "model/kernels/kernel_table.h"
#include "model/ops.h"

namespace assay {

// Adds delta [N, H] C to x [N, H] float32 where delta is defined, then gives RmsNorm(x) (ops.h), [N, H] in `dtype`: C,
// float32 or kFloat8. x and delta without gaps.
ScaledRows AddRmsNorm(at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps,
                      at::ScalarType dtype);

// Queries, keys and values of a pack: views of one product.
struct RotatedHeads {
  at::Tensor q;  // [N, A, D] C
  at::Tensor k;  // [N, B, D] C
  at::Tensor v;  // [N, B, D] C
};

struct HeadCounts {
  int64_t queries;    // A
  int64_t keys;       // B
  int64_t dimension;  // D
};

// Rotate() (ops.h) on the queries and keys of qkv [N, (A + 2B) x D] C, in place: rows of queries, then keys, then values,
// by the angles of positions [N] int32 in `table`. Returns views of qkv.
RotatedHeads RotateHeads(at::Tensor& qkv, const RotaryTable& table, const at::Tensor& positions,
                         HeadCounts heads);

// SwiGlu() (ops.h) of gate_up [N, 2I] C, a row of gate and then of up: [N, I] in `dtype`: C or kFloat8.
ScaledRows SwiGluOf(const at::Tensor& gate_up, at::ScalarType dtype);

// x [N, any] C as `dtype`: C (x itself) or kFloat8 (see QuantizeRows()).
ScaledRows RowsAs(const at::Tensor& x, at::ScalarType dtype);

// Rows `rows` [K] int32 of x [N, any, any], whose rows are each without gaps: [K, any, any].
at::Tensor GatherRows(const at::Tensor& x, const at::Tensor& rows);

// The kernels for tensors on the CPU; null, as at the start: none. A test runs the kernels' own code there, to prove what
// the functions above tell them. Not thread-safe.
void UseKernelsOnCpu(const AssayKernelTable* kernels);

}  // namespace assay

#endif  // ASSAY_MODEL_FUSED_OPS_H_
