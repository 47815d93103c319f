// model/kernels/rows.cuh
// What the kernels share: vectors of numbers in memory as floats in registers, sums and maxima over a block, and a row of
// results written with or without a scale. A block has one dimension of whole warps. Every thread of a block must reach
// BlockSum() and BlockMax().
#ifndef ASSAY_MODEL_KERNELS_ROWS_CUH_
#define ASSAY_MODEL_KERNELS_ROWS_CUH_

#include "model/kernels/kernel_table.h"
#include "model/kernels/launch.cuh"

namespace assay::kernels {

// Numbers of a vector: 16 bytes of bfloat16, two such pieces of float32.
constexpr int kVector = 8;
constexpr int kWarp = 32;
constexpr int kMaxBlock = 512;
// The largest e4m3 number.
constexpr float kFloat8Max = 448.0f;

struct BFloat16 {
  uint16_t bits;
};
struct Float8 {
  uint8_t bits;
};

__device__ inline float ToFloat(float x) { return x; }
__device__ inline float ToFloat(BFloat16 x) { return FloatOfBits(uint32_t{x.bits} << 16); }
__device__ inline void FromFloat(float x, float& to) { to = x; }
__device__ inline void FromFloat(float x, BFloat16& to) { to.bits = BFloat16Bits(x); }
__device__ inline void FromFloat(float x, Float8& to) { to.bits = Float8Bits(x); }

// V numbers that are read or written together; `alignas` makes the compiler use the widest access that fits.
template <typename T, int V>
struct alignas(sizeof(T) * V < 16 ? sizeof(T) * V : 16) Vector {
  T at[V];
};

template <int V, typename T>
__device__ inline void Load(const T* from, float (&to)[V]) {
  const Vector<T, V> vector = *reinterpret_cast<const Vector<T, V>*>(from);
#pragma unroll
  for (int i = 0; i < V; ++i) to[i] = ToFloat(vector.at[i]);
}

template <int V, typename T>
__device__ inline void Store(const float (&from)[V], T* to) {
  Vector<T, V> vector;
#pragma unroll
  for (int i = 0; i < V; ++i) FromFloat(from[i], vector.at[i]);
  *reinterpret_cast<Vector<T, V>*>(to) = vector;
}

struct Sum {
  static constexpr float kNone = 0;
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct Max {
  static constexpr float kNone = 0;  // Of magnitudes.
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

// `join` over the values of all threads, the same bits for each of them.
template <typename Join>
__device__ inline float OverBlock(float value, Join join) {
  __shared__ float of_warp[kMaxBlock / kWarp];
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = join(value, __shfl_xor_sync(0xffffffffu, value, step));
  }
  __syncthreads();  // A sum before this one may still be read.
  if (threadIdx.x % kWarp == 0) of_warp[threadIdx.x / kWarp] = value;
  __syncthreads();
  float joined = Join::kNone;
  for (unsigned warp = 0; warp < blockDim.x / kWarp; ++warp) joined = join(joined, of_warp[warp]);
  return joined;
}
__device__ inline float BlockSum(float value) { return OverBlock(value, Sum()); }
__device__ inline float BlockMax(float value) { return OverBlock(value, Max()); }

// Calls use(column) for the first columns of this thread's vectors, of a row of `columns` numbers.
template <int V, typename Use>
__device__ inline void OverColumns(int64_t columns, Use use) {
  for (int64_t at = int64_t{threadIdx.x} * V; at < columns; at += int64_t{blockDim.x} * V) use(at);
}

// Writes row blockIdx.x of `out`. `source(column, values)` gives V results; it may be asked twice for the same.
template <int V, typename T, typename Source>
__device__ inline void WriteRow(Source source, T* out, float*, int64_t columns) {
  OverColumns<V>(columns, [&](int64_t at) {
    float values[V];
    source(at, values);
    Store(values, out + blockIdx.x * columns + at);
  });
}

template <int V, typename Source>
__device__ inline void WriteRow(Source source, Float8* out, float* scales, int64_t columns) {
  float largest = 0;
  OverColumns<V>(columns, [&](int64_t at) {
    float values[V];
    source(at, values);
#pragma unroll
    for (int i = 0; i < V; ++i) largest = fmaxf(largest, fabsf(values[i]));
  });
  const float fitting = BlockMax(largest) / kFloat8Max;
  const float scale = fitting == 0 ? 1.0f : fitting;
  if (threadIdx.x == 0) scales[blockIdx.x] = scale;
  OverColumns<V>(columns, [&](int64_t at) {
    float values[V];
    source(at, values);
#pragma unroll
    for (int i = 0; i < V; ++i) values[i] /= scale;
    Store(values, out + blockIdx.x * columns + at);
  });
}

// Threads of a block for rows of `columns` numbers, V at a time.
inline int BlockFor(int64_t columns, int vector) {
  const int64_t warps = (columns + int64_t{vector} * kWarp - 1) / (int64_t{vector} * kWarp);
  const int64_t threads = warps * kWarp;
  return static_cast<int>(threads < kWarp ? kWarp : threads > kMaxBlock ? kMaxBlock : threads);
}

// Whether vectors can be used: rows of a multiple of kVector numbers, from an address that fits.
inline bool TakesVectors(int64_t columns, std::initializer_list<const void*> addresses) {
  bool fits = columns % kVector == 0;
  for (const void* address : addresses)
    fits = fits && reinterpret_cast<uintptr_t>(address) % 16 == 0;
  return fits;
}

// The places where one of the kernels' types is chosen at run time; `use` is called with a null pointer of it.
template <typename Use>
int WithInput(AssayElement element, Use use) {
  return element == ASSAY_FLOAT32 ? use(static_cast<float*>(nullptr))
                                  : use(static_cast<BFloat16*>(nullptr));
}
template <typename Use>
int WithOutput(AssayElement element, Use use) {
  return element == ASSAY_FLOAT8_E4M3 ? use(static_cast<Float8*>(nullptr))
                                      : WithInput(element, use);
}

}  // namespace assay::kernels

#endif  // ASSAY_MODEL_KERNELS_ROWS_CUH_
