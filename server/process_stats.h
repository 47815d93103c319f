// server/process_stats.h
// What the system says about this process: read from /proc at every call.
#ifndef ASSAY_SERVER_PROCESS_STATS_H_
#define ASSAY_SERVER_PROCESS_STATS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace assay {

struct ProcessStats {
  double cpu_seconds = 0;  // User and system, all threads.
  int64_t resident_bytes = 0;
  int64_t open_fds = 0;
  double start_time_seconds = 0;  // Since the epoch.
};

// `proc` is where the system's files are; another folder in tests.
//   NOT_FOUND  a file or folder is not there; named.
//   DATA_LOSS  a file says something else than proc(5) promises; named.
absl::StatusOr<ProcessStats> ReadProcessStats(const std::string& proc = "/proc");

}  // namespace assay

#endif  // ASSAY_SERVER_PROCESS_STATS_H_
