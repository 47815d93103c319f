#include "server/options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/memory_plan.h"
#include "server/listen_address.h"

namespace assay {
namespace {

absl::Status CheckRange(const char* field, int64_t value, int64_t low, int64_t high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is not in ", low, "..", high));
}

absl::Status CheckTime(const char* field, absl::Duration value, absl::Duration low,
                       absl::Duration high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", absl::FormatDuration(value),
                                                 " is not in ", absl::FormatDuration(low), "..",
                                                 absl::FormatDuration(high)));
}

// `small` may not be larger than `large`.
absl::Status CheckOrder(const char* small_field, int64_t small, const char* large_field,
                        int64_t large) {
  if (small <= large) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(small_field, " (", small, ") contradicts ",
                                                 large_field, " (", large,
                                                 "): it may not be larger"));
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  ASSAY_ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(listen));
  if (!address.IsLoopback() && !insecure && tls_certificate.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen: ", listen,
                     " can be reached from other machines, and texts would travel in the clear: "
                     "set tls_certificate and tls_key, listen on 127.0.0.1, or add --insecure "
                     "where the network itself is trusted"));
  }
  if (tls_certificate.empty() != tls_key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(tls_key.empty()
                                                       ? "tls_certificate is set without tls_key"
                                                       : "tls_key is set without tls_certificate",
                                                   ": TLS needs both"));
  }
  if (!tls_client_ca.empty() && tls_certificate.empty()) {
    return absl::InvalidArgumentError(
        "tls_client_ca is set without tls_certificate: clients' certificates are asked for over "
        "TLS only");
  }
  if (insecure && !tls_certificate.empty()) {
    return absl::InvalidArgumentError(
        "insecure contradicts tls_certificate: with TLS there is nothing insecure to allow");
  }
  if (!metrics_listen.empty()) {
    ASSAY_ASSIGN_OR_RETURN(const ListenAddress metrics, ParseListenAddress(metrics_listen));
    if (!metrics.IsLoopback() && !insecure_metrics) {
      return absl::InvalidArgumentError(absl::StrCat(
          "metrics_listen: ", metrics_listen,
          " can be reached from other machines, and is plain HTTP: listen on 127.0.0.1, or add "
          "--insecure-metrics where the network itself is trusted"));
    }
  }
  ASSAY_RETURN_IF_ERROR(CheckRange("encoder_threads", encoder_threads, 1, 256));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_batch_tokens", max_batch_tokens, 0, int64_t{1} << 24));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_queued_tokens", max_queued_tokens, 1, int64_t{1} << 40));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_responses", max_responses, 1, 65536));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_messages", max_messages, 1, 65536));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_request_bytes", max_request_bytes, 1024, int64_t{1} << 30));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_text_bytes", max_text_bytes, 1, int64_t{1} << 30));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_waiting_bytes", max_waiting_bytes, 1, int64_t{1} << 40));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_in_flight_per_stream", max_in_flight_per_stream, 1, 65536));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_calls_per_connection", max_calls_per_connection, 1, 65536));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_metadata_bytes", max_metadata_bytes, 1024, 1 << 20));
  ASSAY_RETURN_IF_ERROR(CheckRange("max_connections", max_connections, 1, 1 << 20));
  ASSAY_RETURN_IF_ERROR(CheckRange("result_cache_mib", result_cache_mib, 0, 1 << 20));
  ASSAY_RETURN_IF_ERROR(
      CheckOrder("max_batch_tokens", max_batch_tokens, "max_queued_tokens", max_queued_tokens));
  ASSAY_RETURN_IF_ERROR(
      CheckOrder("max_text_bytes", max_text_bytes, "max_request_bytes", max_request_bytes));
  ASSAY_RETURN_IF_ERROR(
      CheckOrder("max_request_bytes", max_request_bytes, "max_waiting_bytes", max_waiting_bytes));
  if (log_level != "debug" && log_level != "info" && log_level != "warning" &&
      log_level != "error") {
    return absl::InvalidArgumentError(
        absl::StrCat("log_level: \"", log_level, "\" is not debug, info, warning or error"));
  }
  if (log_requests != "none" && log_requests != "failed" && log_requests != "all") {
    return absl::InvalidArgumentError(
        absl::StrCat("log_requests: \"", log_requests, "\" is not none, failed or all"));
  }
  ASSAY_RETURN_IF_ERROR(
      CheckTime("reload_interval", reload_interval, absl::Seconds(1), absl::Hours(1)));
  ASSAY_RETURN_IF_ERROR(
      CheckTime("min_ping_interval", min_ping_interval, absl::Seconds(1), absl::Hours(1)));
  if (max_connection_age != absl::ZeroDuration()) {
    ASSAY_RETURN_IF_ERROR(CheckTime("max_connection_age", max_connection_age, absl::Seconds(1),
                                    absl::Hours(24 * 30)));
  }
  ASSAY_RETURN_IF_ERROR(CheckTime("stuck_after", stuck_after, absl::Seconds(1), absl::Hours(1)));
  ASSAY_RETURN_IF_ERROR(CheckTime("lame_duck", lame_duck, absl::ZeroDuration(), absl::Hours(1)));
  ASSAY_RETURN_IF_ERROR(
      CheckTime("drain_timeout", drain_timeout, absl::ZeroDuration(), absl::Hours(1)));
  return absl::OkStatus();
}

ServerOptions WithDeviceDefaults(ServerOptions options, absl::Span<const std::string> devices) {
  if (options.max_batch_tokens != 0) return options;
  for (const std::string& device : devices) {
    options.max_batch_tokens = std::max(options.max_batch_tokens, DefaultBatchTokens(device));
  }
  options.max_batch_tokens = std::min(options.max_batch_tokens, options.max_queued_tokens);
  return options;
}

}  // namespace assay
