// model/cuda_kernels.h
// The shared library of CUDA kernels (model/kernels), found and opened at run time: a program starts without it, and
// without any library of CUDA's. Where it was not built, ATen's operators do the same work in more passes over memory.
// Thread-safe.
#ifndef ASSAY_MODEL_CUDA_KERNELS_H_
#define ASSAY_MODEL_CUDA_KERNELS_H_

#include "absl/status/status.h"
#include "model/kernels/kernel_table.h"

namespace assay {

// Opens the library once for the process, found by this program's run path, for CudaKernels() to return. ResolveDevices()
// calls it when a CUDA device is used.
//   OK                   also where there is no such library.
//   FAILED_PRECONDITION  it is there and cannot be opened, or it is another version's.
absl::Status LoadCudaKernels();

// The library's functions; null where LoadCudaKernels() has not been called, found no library, or failed.
const AssayKernelTable* CudaKernels();

// Throws std::runtime_error with the error's words where `error`, from a function of the table, is not 0.
void CheckKernel(int error);

}  // namespace assay

#endif  // ASSAY_MODEL_CUDA_KERNELS_H_
