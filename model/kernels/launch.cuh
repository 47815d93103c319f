// model/kernels/launch.cuh
// What only a GPU has: how a kernel is launched, and the conversions that are instructions of the device. A test that runs
// the kernels' own code on the host brings its own (tests/model/kernels/cuda_on_host.h).
#ifndef ASSAY_MODEL_KERNELS_LAUNCH_CUH_
#define ASSAY_MODEL_KERNELS_LAUNCH_CUH_

#include <cstdint>
#include <initializer_list>

#ifdef __CUDACC__

#include <cuda_bf16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>

namespace assay::kernels {

__device__ inline float FloatOfBits(uint32_t bits) { return __uint_as_float(bits); }
// Rounded to nearest even.
__device__ inline uint16_t BFloat16Bits(float x) {
  return __bfloat16_as_ushort(__float2bfloat16_rn(x));
}
// Rounded to nearest even; past the largest number it is the largest, and NaN stays NaN.
__device__ inline uint8_t Float8Bits(float x) {
  return __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3);
}

// Queues kernel(arguments...) for one block a row. Returns a CUDA error.
template <typename... Parameters, typename... Arguments>
int Launch(void (*kernel)(Parameters...), int64_t rows, int block, int device, void* stream,
           Arguments... arguments) {
  if (rows == 0) return cudaSuccess;
  // The stream belongs to a device, and this library's runtime is not the one in which the caller chose it.
  int current = -1;
  cudaError_t error = cudaGetDevice(&current);
  if (error == cudaSuccess && current != device) error = cudaSetDevice(device);
  if (error != cudaSuccess) return error;
  kernel<<<dim3(static_cast<unsigned>(rows)), dim3(block), 0, static_cast<cudaStream_t>(stream)>>>(
      arguments...);
  return cudaGetLastError();
}

inline const char* ErrorText(int error) {
  return cudaGetErrorString(static_cast<cudaError_t>(error));
}

}  // namespace assay::kernels

#endif  // __CUDACC__

#endif  // ASSAY_MODEL_KERNELS_LAUNCH_CUH_
