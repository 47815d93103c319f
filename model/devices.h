// model/devices.h
// Which devices a model runs on. CUDA is looked for at run time: torch's CUDA library is loaded only where a driver is
// there, so that one program serves machines with and without GPUs. This header knows no torch.
#ifndef ASSAY_MODEL_DEVICES_H_
#define ASSAY_MODEL_DEVICES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace assay {

// The devices that `wanted` asks for, in its order:
//   "auto"    every CUDA device, or the CPU where there is none;
//   "cuda"    every CUDA device;
//   "cuda:N"  the CUDA device of that number;
//   "cpu"     the CPU; a name given again is another worker on the same device.
// Returns "cpu" and "cuda:N" only, at least one. Loads torch's CUDA library when a CUDA device may be meant; call it
// before anything else that uses torch.
//   INVALID_ARGUMENT     another name, a number that no device has, or nothing asked for.
//   FAILED_PRECONDITION  CUDA is asked for and there is none; says what is lacking.
absl::StatusOr<std::vector<std::string>> ResolveDevices(const std::vector<std::string>& wanted);

// What the device calls itself, "NVIDIA H100 80GB HBM3" or the processor's model; the device's own name ("cuda:0") where
// it does not tell. `device` as ResolveDevices() returns them.
std::string DeviceName(const std::string& device);

// Bytes that the device has left for a model: of a GPU its free memory, of the CPU AvailableMemory() (machine.h).
//   UNKNOWN  the device does not tell.
absl::StatusOr<int64_t> DeviceMemory(const std::string& device);

// Threads to compute with on the CPU: `wanted`, or one for each core where it is 0. Requires wanted >= 0.
int CpuThreads(int wanted);

// Keeps torch's own operators on the CPU on their caller's thread, for the whole process: what is large is spread over
// threads by cpu_team.h, and torch's pool spins while it waits, which costs a busy machine most of its speed.
void UseOneTorchThread();

}  // namespace assay

#endif  // ASSAY_MODEL_DEVICES_H_
