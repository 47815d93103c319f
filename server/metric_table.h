// server/metric_table.h
// Every metric family that a server exposes, by name and meaning. Names follow Prometheus' practice
// (base units, counters end in _total) and stay once published.
//
// What is computed from them, sharing ratio and utilisation among it, are the recording rules in
// deploy/monitoring/prometheus_rule.yaml.
#ifndef ASSAY_SERVER_METRIC_TABLE_H_
#define ASSAY_SERVER_METRIC_TABLE_H_

#include <array>

namespace assay {

struct MetricText {
  const char* name;
  const char* help;
};

namespace metric {

// Counted as it happens, see metrics.h.
inline constexpr MetricText kRequests = {
    "assay_requests_total", "Requests answered, by method and by the name of their status code."};
inline constexpr MetricText kRequestSeconds = {
    "assay_request_seconds",
    "From a request's last byte until its reply was made, seconds, by method."};
inline constexpr MetricText kStageSeconds = {
    "assay_stage_seconds",
    "Where the time of a scored request went, seconds, by stage: wait_encode, encode, queue, "
    "forward."};
inline constexpr MetricText kTenantRequests = {
    "assay_tenant_requests_total",
    "Requests answered, by tenant: the first 100 by name, the rest as \"other\"."};
inline constexpr MetricText kBatches = {"assay_batches_total", "Forward passes."};
inline constexpr MetricText kBatchTokens = {"assay_batch_tokens",
                                            "Computed tokens of a forward pass."};
inline constexpr MetricText kBatchSequences = {"assay_batch_sequences",
                                               "Responses scored by a forward pass."};
inline constexpr MetricText kTokens = {
    "assay_tokens_total",
    "Tokens of forward passes: input, as if nothing were shared, and computed, each common prefix "
    "once."};
inline constexpr MetricText kForwardSeconds = {"assay_forward_seconds",
                                               "Time of a forward pass, seconds, by device."};
inline constexpr MetricText kResponsesFailed = {
    "assay_responses_failed_total",
    "Responses that a forward pass gave an error instead of a "
    "score."};
inline constexpr MetricText kModelFlops = {
    "assay_model_flops_total",
    "Floating-point operations of the model: computed tokens times two operations for each value "
    "of the trunk's matrices. Attention is left out, and so is that the last layer computes only "
    "what the heads read."};
inline constexpr MetricText kRefusals = {"assay_refusals_total",
                                         "Requests not taken on, by reason."};
inline constexpr MetricText kDeadlineMisses = {
    "assay_deadline_misses_total",
    "Requests whose deadline passed, by where they were: arrival, queue, reply."};

// Constant, see metrics.h.
inline constexpr MetricText kModelInfo = {"assay_model_info", "The loaded model; always 1."};
inline constexpr MetricText kBuildInfo = {"assay_build_info", "The program; always 1."};
inline constexpr MetricText kPeakFlops = {
    "assay_device_peak_flops",
    "Floating-point operations per second of all devices together at the model's dtype, as "
    "published by their maker; absent where not known."};

// Read when asked, see state_metrics.h.
inline constexpr MetricText kHealth = {"assay_health",
                                       "1 for the state the server is in, 0 for the others."};
inline constexpr MetricText kUptime = {"assay_uptime_seconds", "Since the server listens."};
inline constexpr MetricText kQueuedTokens = {"assay_queued_tokens",
                                             "Computed tokens that wait for a device."};
inline constexpr MetricText kQueuedRequests = {"assay_queued_requests",
                                               "Requests that wait for a device."};
inline constexpr MetricText kPredictedWait = {
    "assay_predicted_wait_seconds", "How long the queue will take at the speed measured lately."};
inline constexpr MetricText kTokensPerSecond = {
    "assay_tokens_per_second",
    "Computed tokens per second of the devices together, measured lately; 0 before the first "
    "forward pass."};
inline constexpr MetricText kWaitingBytes = {"assay_waiting_bytes",
                                             "Bytes of text that wait for an encoder thread."};
inline constexpr MetricText kWorkers = {"assay_workers", "Device workers, by their state."};
inline constexpr MetricText kCachedResponses = {"assay_cached_responses_total",
                                                "Responses answered from the result cache."};
inline constexpr MetricText kCoalescedResponses = {
    "assay_coalesced_responses_total",
    "Responses answered by the forward pass of an equal conversation."};
inline constexpr MetricText kDeviceMemory = {"assay_device_free_memory_bytes",
                                             "Memory that a GPU has left; absent without GPU."};
inline constexpr MetricText kReloadFailed = {
    "assay_reload_failed",
    "1 where the last look at a file that is read again found it wrong, else 0, by file: tokens, "
    "tls; absent without such a file."};
inline constexpr MetricText kCertificateExpiry = {
    "assay_certificate_expiry_timestamp_seconds",
    "When the server's certificate runs out, seconds since the epoch; absent without TLS."};
inline constexpr MetricText kProcessCpu = {"process_cpu_seconds_total",
                                           "User and system CPU time of the process, seconds."};
inline constexpr MetricText kProcessMemory = {"process_resident_memory_bytes",
                                              "Resident memory of the process."};
inline constexpr MetricText kProcessFds = {"process_open_fds", "Open file descriptors."};
inline constexpr MetricText kProcessStart = {"process_start_time_seconds",
                                             "When the process started, seconds since the epoch."};

// All of them.
inline constexpr std::array kAll = {
    kRequests,           kRequestSeconds,  kStageSeconds,   kTenantRequests,    kBatches,
    kBatchTokens,        kBatchSequences,  kTokens,         kForwardSeconds,    kResponsesFailed,
    kModelFlops,         kRefusals,        kDeadlineMisses, kModelInfo,         kBuildInfo,
    kPeakFlops,          kHealth,          kUptime,         kQueuedTokens,      kQueuedRequests,
    kPredictedWait,      kTokensPerSecond, kWaitingBytes,   kWorkers,           kCachedResponses,
    kCoalescedResponses, kDeviceMemory,    kReloadFailed,   kCertificateExpiry, kProcessCpu,
    kProcessMemory,      kProcessFds,      kProcessStart};

}  // namespace metric
}  // namespace assay

#endif  // ASSAY_SERVER_METRIC_TABLE_H_
