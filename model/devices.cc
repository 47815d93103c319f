#include "model/devices.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/env.h>
#include <dlfcn.h>

#include <algorithm>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "model/cuda_kernels.h"

namespace assay {
namespace {

constexpr char kDriver[] = "libcuda.so.1";

// Before torch's allocator reads them. Batches differ in size from one to the next: without segments that grow, blocks
// of yesterday's sizes pile up until the device is full.
void SetAllocator() {
  for (const char* name : {"PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF"}) {
    if (c10::utils::has_env(name)) return;
  }
  c10::utils::set_env("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True");
}

absl::Status LoadCuda() {
  if (dlopen(kDriver, RTLD_NOW) == nullptr) {
    return absl::FailedPreconditionError("no NVIDIA driver (libcuda.so.1) on this machine");
  }
  SetAllocator();
  // Found by this program's run path; registers itself with torch. Never unloaded.
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("torch's CUDA libraries cannot be loaded (", dlerror(),
                     "); install torch with its CUDA dependencies"));
  }
  at::globalContext().setAllowBF16ReductionCuBLAS(/*allow_reduced_precision=*/false);
  return absl::OkStatus();
}

// Number of CUDA devices, at least one; FAILED_PRECONDITION where there is none. Loads torch's CUDA library once.
absl::StatusOr<int> FindCudaDevices() {
  static const absl::Status loaded = LoadCuda();
  if (!loaded.ok()) return loaded;
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (count < 1) return absl::FailedPreconditionError("the NVIDIA driver shows no device");
  return count;
}

std::string CudaName(int number) { return absl::StrCat("cuda:", number); }

// Compute capability x 10 of a CUDA device, by the driver: its headers are not needed for so little. 0 where the driver
// does not say.
int CudaCapability(int number) {
  // Source: cuda.h, CUdevice_attribute.
  constexpr int kMajor = 75;
  constexpr int kMinor = 76;
  void* const driver = dlopen(kDriver, RTLD_NOW);
  if (driver == nullptr) return 0;
  const auto get_device = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto get_attribute =
      reinterpret_cast<int (*)(int*, int, int)>(dlsym(driver, "cuDeviceGetAttribute"));
  if (get_device == nullptr || get_attribute == nullptr) return 0;
  int device = 0, major = 0, minor = 0;
  if (get_device(&device, number) != 0 || get_attribute(&major, kMajor, device) != 0 ||
      get_attribute(&minor, kMinor, device) != 0) {
    return 0;
  }
  return 10 * major + minor;
}

// "8.9"
std::string CapabilityText(int capability) {
  return absl::StrCat(capability / 10, ".", capability % 10);
}

// OK unless the driver says that the card is too old for bfloat16 and for torch's attention.
absl::Status CheckGeneration(int number) {
  constexpr int kNeeded = 80;
  const int capability = CudaCapability(number);
  if (capability == 0 || capability >= kNeeded) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "device ", CudaName(number), " has compute capability ", CapabilityText(capability),
      ", below ", CapabilityText(kNeeded), "; name other devices, or cpu"));
}

// Adds the devices that `name` means to `devices`.
absl::Status Resolve(const std::string& name, std::vector<std::string>& devices) {
  if (name == "cpu") {
    devices.push_back(name);
    return absl::OkStatus();
  }
  absl::string_view number_text = name;
  const bool is_numbered = absl::ConsumePrefix(&number_text, "cuda:");
  int number = 0;
  const bool known = name == "auto" || name == "cuda" ||
                     (is_numbered && absl::SimpleAtoi(number_text, &number) && number >= 0);
  if (!known) {
    return absl::InvalidArgumentError(
        absl::StrCat("device \"", name, "\": expected auto, cpu, cuda or cuda:N"));
  }
  const absl::StatusOr<int> count = FindCudaDevices();
  if (!count.ok() && name == "auto") {
    devices.push_back("cpu");
    return absl::OkStatus();
  }
  if (!count.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("device \"", name, "\": ", count.status().message(), "; or use device cpu"));
  }
  ASSAY_RETURN_IF_ERROR(LoadCudaKernels());
  if (is_numbered && number >= *count) {
    return absl::InvalidArgumentError(absl::StrCat("device \"", name, "\": the machine has ",
                                                   CudaName(0), " to ", CudaName(*count - 1)));
  }
  for (int i = 0; i < *count; ++i) {
    if (is_numbered && i != number) continue;
    ASSAY_RETURN_IF_ERROR(CheckGeneration(i));
    devices.push_back(CudaName(i));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveDevices(const std::vector<std::string>& wanted) {
  if (wanted.empty()) return absl::InvalidArgumentError("no device asked for");
  std::vector<std::string> devices;
  for (const std::string& name : wanted) ASSAY_RETURN_IF_ERROR(Resolve(name, devices));
  return devices;
}

absl::Status RequireFp8(const std::string& device) {
  constexpr int kNeeded = 89;
  absl::string_view number_text = device;
  int number = 0;
  if (!absl::ConsumePrefix(&number_text, "cuda:") || !absl::SimpleAtoi(number_text, &number)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "dtype \"fp8\": device ", device, " is no CUDA device; use bfloat16 or float32"));
  }
  const int capability = CudaCapability(number);
  if (capability >= kNeeded) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "dtype \"fp8\": device ", device, " has compute capability ", CapabilityText(capability),
      ", below ", CapabilityText(kNeeded), "; use bfloat16 or float32"));
}

void SetCpuThreads(int threads) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  at::set_num_threads(threads > 0 ? threads : std::max(cores, 1));
}

}  // namespace assay
