// model/machine.h
// What this machine is: the memory that a process may still take, and its processor's name. Reads the system's files;
// decides nothing. Thread-safe: only functions. `root` is put before every path, so that a test brings a machine of its own.
#ifndef ASSAY_MODEL_MACHINE_H_
#define ASSAY_MODEL_MACHINE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace assay {

// Bytes: MemAvailable of /proc/meminfo, or the lowest limit of the process's control groups (versions 1 and 2, the group
// and all above it) where that is less. A group's own use is not taken off its limit: page cache, which a checkpoint fills
// and which gives way, is part of it.
//   UNKNOWN  /proc/meminfo is not there or does not tell.
absl::StatusOr<int64_t> AvailableMemory(const std::string& root = "");

// "AMD EPYC 9B14", from /proc/cpuinfo; empty where it does not tell.
std::string ProcessorName(const std::string& root = "");

}  // namespace assay

#endif  // ASSAY_MODEL_MACHINE_H_
