// tests/model/kernels/cuda_on_host.h
// Runs the CUDA kernels' own code on the host, so that their indexing, vectors, sums and rounding are proved where there is
// no GPU: the words of CUDA C++ that they use, on threads and a barrier. A block's threads are real threads; blocks run one
// after the other. Include it before a kernel's header.
// Not shown by it: what only a GPU does (alignment faults, its rounding instructions, the order of memory between threads
// without a barrier). Every warp of a block must reach each shuffle, which the kernels' loops do.
#ifndef ASSAY_TESTS_MODEL_KERNELS_CUDA_ON_HOST_H_
#define ASSAY_TESTS_MODEL_KERNELS_CUDA_ON_HOST_H_

#include <c10/util/BFloat16.h>
#include <c10/util/Float8_e4m3fn.h>

#include <barrier>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>
#include <type_traits>
#include <vector>

#define __global__
#define __device__
#define __shared__ static

#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed"  // Loops that a CPU's compiler does not unroll.
#else
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#endif

namespace assay::kernels {

struct Index {
  unsigned x = 0;
};
inline thread_local Index threadIdx;
inline thread_local Index blockIdx;
inline Index blockDim;                   // Of the one launch that runs.
inline std::barrier<>* block = nullptr;  // All threads of its blocks.

inline void __syncthreads() { block->arrive_and_wait(); }

inline float __shfl_xor_sync(unsigned, float value, int lane_mask) {
  static float lanes[1024];
  lanes[threadIdx.x] = value;
  __syncthreads();
  const float other = lanes[threadIdx.x ^ static_cast<unsigned>(lane_mask)];
  __syncthreads();
  return other;
}

inline float FloatOfBits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}
inline uint16_t BFloat16Bits(float x) { return c10::BFloat16(x).x; }
inline uint8_t Float8Bits(float x) { return c10::Float8_e4m3fn(x).x; }

template <typename... Parameters, typename... Arguments>
int Launch(void (*kernel)(Parameters...), int64_t rows, int block_size, int, void*,
           Arguments... arguments) {
  blockDim.x = static_cast<unsigned>(block_size);
  std::barrier<> barrier(block_size);
  block = &barrier;
  std::vector<std::thread> threads;
  for (int i = 0; i < block_size; ++i) {
    threads.emplace_back([=] {
      threadIdx.x = static_cast<unsigned>(i);
      for (int64_t row = 0; row < rows; ++row) {
        blockIdx.x = static_cast<unsigned>(row);
        kernel(arguments...);
        __syncthreads();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace assay::kernels

#endif  // ASSAY_TESTS_MODEL_KERNELS_CUDA_ON_HOST_H_
