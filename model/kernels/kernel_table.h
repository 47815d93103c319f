// model/kernels/kernel_table.h
// The border between the program, built by a C++ compiler against torch, and the CUDA kernels, built by nvcc into a
// shared library of their own that knows no torch. Plain C types only, so that neither side needs the other's headers.
// All pointers are to memory of the stream's device, 4-byte aligned at least; matrices are row-major without gaps. The
// kernels are queued on the stream and not waited for. Each row is computed by one block in an order that depends on
// the number of columns alone: a row's bits do not depend on the other rows.
// Arithmetic is in float32 and rounded once. The kernels have not run on a GPU yet: tests/bench/gpu/README.md.
#ifndef ASSAY_MODEL_KERNELS_KERNEL_TABLE_H_
#define ASSAY_MODEL_KERNELS_KERNEL_TABLE_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum AssayElement { ASSAY_BFLOAT16 = 0, ASSAY_FLOAT32 = 1, ASSAY_FLOAT8_E4M3 = 2 };

// Where a matrix of results goes. For ASSAY_FLOAT8_E4M3, each row is divided by its scale, which is its largest
// magnitude / 448 (1 where that is 0) and is written to scales [rows]; otherwise `scales` is not looked at.
struct AssayOutput {
  void* values;  // [rows, columns]
  float* scales;
  enum AssayElement element;
};

// x += delta, where delta is not null; out = x / sqrt(mean(x^2) + eps) * weight.
struct AssayAddRmsNorm {
  float* x;                         // [rows, columns], changed where there is a delta.
  const void* delta;                // [rows, columns] or null.
  enum AssayElement delta_element;  // Not ASSAY_FLOAT8_E4M3.
  const float* weight;              // [columns]
  float eps;
  struct AssayOutput out;
  int64_t rows;
  int64_t columns;
};

// Turns pairs (i, i + half) of the first `heads` heads of every row by the angles of its position, in place.
struct AssayRotate {
  void* rows_of_heads;        // [rows, row_size]; head h of a row begins at h x 2 x half.
  enum AssayElement element;  // Not ASSAY_FLOAT8_E4M3.
  const float* cosine;        // [positions, half]
  const float* sine;          // [positions, half]
  const int32_t* positions;   // [rows]
  int64_t rows;
  int64_t row_size;
  int64_t heads;
  int64_t half;
};

// out = silu(gate) * up, where a row of gate_up is `columns` numbers of gate, then as many of up.
struct AssaySwiGlu {
  const void* gate_up;        // [rows, 2 columns]
  enum AssayElement element;  // Not ASSAY_FLOAT8_E4M3.
  struct AssayOutput out;
  int64_t rows;
  int64_t columns;
};

// out = x.
struct AssayCopyRows {
  const void* x;              // [rows, columns]
  enum AssayElement element;  // Not ASSAY_FLOAT8_E4M3.
  struct AssayOutput out;
  int64_t rows;
  int64_t columns;
};

// Row i of out = row rows[i] of the source.
struct AssayGatherRows {
  const void* source;  // A row begins every `stride` bytes.
  int64_t stride;
  const int32_t* rows;  // [count]
  void* out;            // [count, row_bytes]
  int64_t row_bytes;
  int64_t count;
};

// Each function returns 0, or a CUDA error, for which error_text() has words. `device` is the CUDA device's number and
// `stream` a cudaStream_t of it.
struct AssayKernelTable {
  int32_t version;  // ASSAY_KERNEL_TABLE_VERSION of the library.
  int (*add_rms_norm)(const struct AssayAddRmsNorm* arguments, int device, void* stream);
  int (*rotate)(const struct AssayRotate* arguments, int device, void* stream);
  int (*swiglu)(const struct AssaySwiGlu* arguments, int device, void* stream);
  int (*copy_rows)(const struct AssayCopyRows* arguments, int device, void* stream);
  int (*gather_rows)(const struct AssayGatherRows* arguments, int device, void* stream);
  const char* (*error_text)(int error);
};

#define ASSAY_KERNEL_TABLE_VERSION 1

// The one name that the library exports.
const struct AssayKernelTable* AssayKernels(void);

#ifdef __cplusplus
}
#endif

#endif  // ASSAY_MODEL_KERNELS_KERNEL_TABLE_H_
