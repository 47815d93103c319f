#include "model/devices.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/env.h>
#include <dlfcn.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "model/cuda_kernels.h"
#include "model/machine.h"

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

constexpr char kCpu[] = "cpu";

// The N of "cuda:N".
int CudaNumber(const std::string& device) {
  int number = 0;
  const bool is_number = absl::SimpleAtoi(absl::StripPrefix(device, "cuda:"), &number);
  return is_number ? number : 0;
}

// Empty where the driver does not tell. Its functions are declared here as in cuda.h: the toolkit need not be there.
std::string NameFromDriver(int number) {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return "";
  using Init = int (*)(unsigned);
  using DeviceGet = int (*)(int*, int);
  using DeviceGetName = int (*)(char*, int, int);
  const auto init = reinterpret_cast<Init>(dlsym(driver, "cuInit"));
  const auto get = reinterpret_cast<DeviceGet>(dlsym(driver, "cuDeviceGet"));
  const auto get_name = reinterpret_cast<DeviceGetName>(dlsym(driver, "cuDeviceGetName"));
  int device = 0;
  char name[256] = {};
  const bool told = init != nullptr && get != nullptr && get_name != nullptr && init(0) == 0 &&
                    get(&device, number) == 0 && get_name(name, sizeof(name), device) == 0;
  return told ? name : "";
}

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
  if (name == kCpu) {
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
    devices.push_back(kCpu);
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

std::vector<std::string> WithWorkers(const std::vector<std::string>& devices, int workers,
                                     int cpu_threads) {
  std::vector<std::string> expanded;
  for (const std::string& device : devices) {
    const int usual = device == kCpu && cpu_threads == 1 ? 1 : 2;
    expanded.insert(expanded.end(), workers > 0 ? workers : usual, device);
  }
  return expanded;
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

std::string DeviceName(const std::string& device) {
  std::string name = device == kCpu ? ProcessorName() : NameFromDriver(CudaNumber(device));
  return name.empty() ? device : name;
}

absl::StatusOr<int64_t> DeviceMemory(const std::string& device) {
  if (device == kCpu) return AvailableMemory();
  try {
    const auto number = static_cast<c10::DeviceIndex>(CudaNumber(device));
    return static_cast<int64_t>(at::getDeviceAllocator(at::kCUDA)->getMemoryInfo(number).first);
  } catch (const std::exception&) {
    return absl::UnknownError(absl::StrCat(device, " does not tell its free memory"));
  }
}

int CpuThreads(int wanted) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return wanted > 0 ? wanted : std::max(cores, 1);
}

void UseOneTorchThread() { at::set_num_threads(1); }

}  // namespace assay
