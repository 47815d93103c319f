// server/state_metrics.h
// The metrics that are read when someone asks: the server's state, its GPUs' memory, the process.
// Pure functions but for what they are given.
#ifndef ASSAY_SERVER_STATE_METRICS_H_
#define ASSAY_SERVER_STATE_METRICS_H_

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/process_stats.h"
#include "server/server_state.h"

namespace assay {

struct DeviceMemoryReading {
  std::string device;  // "cuda:0".
  int64_t free_bytes = 0;
};

std::vector<prometheus::MetricFamily> StateMetrics(const ServerState& state);

// No family where there is no reading.
std::vector<prometheus::MetricFamily> DeviceMemoryMetrics(
    const std::vector<DeviceMemoryReading>& readings);

std::vector<prometheus::MetricFamily> ProcessMetrics(const ProcessStats& stats);

}  // namespace assay

#endif  // ASSAY_SERVER_STATE_METRICS_H_
