#include "model/torch_status.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <new>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

// cudaError_t by number: ECC error uncorrectable, NVLink uncorrectable, illegal address, launch timeout, assert, hardware
// stack error, illegal instruction, misaligned address, invalid address space, invalid program counter, launch failure,
// contained and tensor memory leaks and external device, unknown.
constexpr int kFatalCudaErrors[] = {214, 220, 700, 702, 710, 714, 715,
                                    716, 717, 718, 719, 721, 999};

bool IsFatal(int cuda_error) {
  return std::find(std::begin(kFatalCudaErrors), std::end(kFatalCudaErrors), cuda_error) !=
         std::end(kFatalCudaErrors);
}

std::string FirstLineOf(const c10::Error& error) {
  const std::string what = error.what_without_backtrace();
  return what.substr(0, what.find('\n'));
}

}  // namespace

absl::Status StatusOfTorchException() {
  try {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    return absl::ResourceExhaustedError("the device is out of memory");
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the machine is out of memory");
  } catch (const c10::AcceleratorError& error) {
    const std::string what = absl::StrCat("CUDA: ", FirstLineOf(error));
    return IsFatal(error.get_error_code()) ? absl::AbortedError(what) : absl::InternalError(what);
  } catch (const c10::Error& error) {
    // Its failures have no type of their own.
    if (absl::StrContains(error.what_without_backtrace(), "DefaultCPUAllocator")) {
      return absl::ResourceExhaustedError("the machine is out of memory");
    }
    return absl::InternalError(absl::StrCat("torch: ", FirstLineOf(error)));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("torch: ", error.what()));
  }
}

}  // namespace assay
