// server/server_state.h
// How the server is right now: plain structs, for assay info, metrics, the status page and health.
#ifndef ASSAY_SERVER_SERVER_STATE_H_
#define ASSAY_SERVER_SERVER_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace assay {

// kStuck: its forward pass takes longer than options allow; it may still end. kBroken: its device
// failed for good; it takes no more batches.
enum class WorkerCondition { kIdle, kRunning, kStuck, kBroken };

// "idle", "running", "stuck", "broken".
constexpr const char* NameOf(WorkerCondition condition) {
  switch (condition) {
    case WorkerCondition::kIdle:
      return "idle";
    case WorkerCondition::kRunning:
      return "running";
    case WorkerCondition::kStuck:
      return "stuck";
    case WorkerCondition::kBroken:
      return "broken";
  }
  return "";
}

struct WorkerState {
  std::string device;
  WorkerCondition condition = WorkerCondition::kIdle;
  absl::Duration since;  // How long it has been so.
  int64_t batches = 0;
};

// Since the scheduler was made; see reward.proto, Counters.
struct SchedulerCounters {
  int64_t responses = 0;
  int64_t batches = 0;
  int64_t batched_groups = 0;
  int64_t batched_responses = 0;
  int64_t max_batch_groups = 0;
  int64_t input_tokens = 0;
  int64_t computed_tokens = 0;
  absl::Duration forward = absl::ZeroDuration();
};

struct SchedulerState {
  SchedulerCounters counters;
  int64_t queued_tokens = 0;
  int64_t queued_tasks = 0;
  double tokens_per_second = 0;   // Of the devices together, lately; 0: not measured yet.
  absl::Duration predicted_wait;  // queued_tokens at that rate.
  std::vector<WorkerState> workers;
};

struct PipelineState {
  SchedulerState scheduler;
  int64_t requests = 0;             // Taken by Submit().
  int64_t cached_responses = 0;     // Answered from the result cache.
  int64_t coalesced_responses = 0;  // Answered by an equal conversation's pass.
  int64_t waiting_bytes = 0;        // Text before the encoders.
};

// What the last look at the files that are read again found; absent where there is no such file.
struct FilesState {
  std::optional<bool> tokens_bad;
  std::optional<bool> tls_bad;                       // Certificate, key or client authority.
  std::optional<absl::Time> certificate_good_until;  // Of the last certificate that was good.
};

enum class Health { kServing, kStopping, kUnhealthy };

// "serving", "stopping", "unhealthy".
constexpr const char* NameOf(Health health) {
  switch (health) {
    case Health::kServing:
      return "serving";
    case Health::kStopping:
      return "stopping";
    case Health::kUnhealthy:
      return "unhealthy";
  }
  return "";
}

struct ServerState {
  Health health = Health::kServing;
  absl::Duration uptime;
  PipelineState pipeline;
  FilesState files;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SERVER_STATE_H_
