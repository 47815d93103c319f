// model/torch_status.h
// The one place where an exception of torch becomes a status.
#ifndef ASSAY_MODEL_TORCH_STATUS_H_
#define ASSAY_MODEL_TORCH_STATUS_H_

#include "absl/status/status.h"

namespace assay {

// Status of the exception that is being handled; call it in a catch block.
//   RESOURCE_EXHAUSTED  the device or the machine is out of memory.
//   ABORTED             a CUDA error after which the process cannot use the device again (CUDA Runtime API,
//                       cudaError_t: those that "leave the process in an inconsistent state").
//   INTERNAL            anything else, in torch's words, first line.
absl::Status StatusOfTorchException();

}  // namespace assay

#endif  // ASSAY_MODEL_TORCH_STATUS_H_
