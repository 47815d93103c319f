#include "model/cuda_kernels.h"

#include <dlfcn.h>

#include <atomic>
#include <stdexcept>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

constexpr char kLibrary[] = "libassay_cuda_kernels.so";

std::atomic<const AssayKernelTable*> loaded_table = nullptr;

absl::Status Open() {
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // Never closed.
  if (library == nullptr) {
    const std::string why = dlerror();
    if (absl::StrContains(why, "No such file")) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(kLibrary, " cannot be opened: ", why));
  }
  const auto table_of = reinterpret_cast<decltype(&AssayKernels)>(dlsym(library, "AssayKernels"));
  if (table_of == nullptr || table_of()->version != ASSAY_KERNEL_TABLE_VERSION) {
    return absl::FailedPreconditionError(
        absl::StrCat(kLibrary, " is another version's; install both from one build"));
  }
  loaded_table = table_of();
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadCudaKernels() {
  static const absl::Status status = Open();
  return status;
}

const AssayKernelTable* CudaKernels() { return loaded_table; }

void CheckKernel(int error) {
  if (error == 0) return;
  throw std::runtime_error(absl::StrCat(
      "CUDA kernel: ", CudaKernels() == nullptr ? "" : CudaKernels()->error_text(error)));
}

}  // namespace assay
