#include "server/state_metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "server/metric_table.h"

namespace assay {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct Sample {
  std::vector<ClientMetric::Label> labels;
  double value;
};

MetricFamily Family(const MetricText& text, MetricType type, const std::vector<Sample>& samples) {
  MetricFamily family;
  family.name = text.name;
  family.help = text.help;
  family.type = type;
  for (const Sample& sample : samples) {
    ClientMetric metric;
    metric.label = sample.labels;
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = sample.value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily Gauge(const MetricText& text, double value) {
  return Family(text, MetricType::Gauge, {{{}, value}});
}

MetricFamily Counter(const MetricText& text, double value) {
  return Family(text, MetricType::Counter, {{{}, value}});
}

MetricFamily HealthFamily(Health health) {
  std::vector<Sample> samples;
  for (Health state : {Health::kServing, Health::kStopping, Health::kUnhealthy}) {
    samples.push_back({{{"state", NameOf(state)}}, state == health ? 1.0 : 0.0});
  }
  return Family(metric::kHealth, MetricType::Gauge, samples);
}

MetricFamily WorkersFamily(const std::vector<WorkerState>& workers) {
  std::vector<Sample> samples;
  for (WorkerCondition condition : {WorkerCondition::kIdle, WorkerCondition::kRunning,
                                    WorkerCondition::kStuck, WorkerCondition::kBroken}) {
    const auto n = std::count_if(
        workers.begin(), workers.end(),
        [condition](const WorkerState& worker) { return worker.condition == condition; });
    samples.push_back({{{"state", NameOf(condition)}}, static_cast<double>(n)});
  }
  return Family(metric::kWorkers, MetricType::Gauge, samples);
}

std::vector<MetricFamily> FilesFamilies(const FilesState& files) {
  std::vector<Sample> failed;
  for (const auto& [file, bad] : {std::pair("tokens", files.tokens_bad), {"tls", files.tls_bad}}) {
    if (bad.has_value()) failed.push_back({{{"file", file}}, *bad ? 1.0 : 0.0});
  }
  std::vector<MetricFamily> families;
  if (!failed.empty()) families.push_back(Family(metric::kReloadFailed, MetricType::Gauge, failed));
  if (files.certificate_good_until.has_value()) {
    families.push_back(
        Gauge(metric::kCertificateExpiry,
              absl::ToDoubleSeconds(*files.certificate_good_until - absl::UnixEpoch())));
  }
  return families;
}

}  // namespace

std::vector<MetricFamily> StateMetrics(const ServerState& state) {
  const PipelineState& pipeline = state.pipeline;
  const SchedulerState& scheduler = pipeline.scheduler;
  std::vector<MetricFamily> families = {
      HealthFamily(state.health),
      Gauge(metric::kUptime, absl::ToDoubleSeconds(state.uptime)),
      Gauge(metric::kQueuedTokens, static_cast<double>(scheduler.queued_tokens)),
      Gauge(metric::kQueuedRequests, static_cast<double>(scheduler.queued_tasks)),
      Gauge(metric::kPredictedWait, absl::ToDoubleSeconds(scheduler.predicted_wait)),
      Gauge(metric::kTokensPerSecond, scheduler.tokens_per_second),
      Gauge(metric::kWaitingBytes, static_cast<double>(pipeline.waiting_bytes)),
      WorkersFamily(scheduler.workers),
      Counter(metric::kCachedResponses, static_cast<double>(pipeline.cached_responses)),
      Counter(metric::kCoalescedResponses, static_cast<double>(pipeline.coalesced_responses)),
  };
  for (MetricFamily& family : FilesFamilies(state.files)) families.push_back(std::move(family));
  return families;
}

std::vector<MetricFamily> DeviceMemoryMetrics(const std::vector<DeviceMemoryReading>& readings) {
  if (readings.empty()) return {};
  std::vector<Sample> samples;
  for (const DeviceMemoryReading& reading : readings) {
    samples.push_back({{{"device", reading.device}}, static_cast<double>(reading.free_bytes)});
  }
  return {Family(metric::kDeviceMemory, MetricType::Gauge, samples)};
}

std::vector<MetricFamily> ProcessMetrics(const ProcessStats& stats) {
  return {Counter(metric::kProcessCpu, stats.cpu_seconds),
          Gauge(metric::kProcessMemory, static_cast<double>(stats.resident_bytes)),
          Gauge(metric::kProcessFds, static_cast<double>(stats.open_fds)),
          Gauge(metric::kProcessStart, stats.start_time_seconds)};
}

}  // namespace assay
