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
//   FAILED_PRECONDITION  CUDA is asked for and there is none, a card is older than compute capability 8.0, or our kernels
//                        are another version's; says what is lacking.
// With torch's CUDA library comes ours (cuda_kernels.h), and torch is set for this program's work: its allocator gives
// memory back to batches of other sizes (expandable_segments, unless PYTORCH_CUDA_ALLOC_CONF or PYTORCH_ALLOC_CONF is
// set), and bfloat16 products are summed in float32 throughout.
absl::StatusOr<std::vector<std::string>> ResolveDevices(const std::vector<std::string>& wanted);

// `devices` with each named `workers` times, one after another; 0: twice, so that one worker prepares its batch while the
// other computes, or once where a device is a CPU of one thread. Workers on one CPU share its threads (cpu_team.h).
// Requires workers >= 0.
std::vector<std::string> WithWorkers(const std::vector<std::string>& devices, int workers,
                                     int cpu_threads);

// Whether a device that ResolveDevices() returned multiplies 8-bit floats.
//   OK                   a CUDA device of compute capability 8.9 or newer.
//   FAILED_PRECONDITION  another; named, with what it lacks.
absl::Status RequireFp8(const std::string& device);

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
