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
  if (!address.IsLoopback() && !insecure) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen: ", listen,
                     " can be reached from other machines, and there is no TLS yet: texts would "
                     "travel in the clear and anyone could "
                     "use the server. Listen on 127.0.0.1, or add --insecure where the network "
                     "itself is trusted"));
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
  if (drain_timeout < absl::ZeroDuration() || drain_timeout > absl::Hours(1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("drain_timeout: ", absl::FormatDuration(drain_timeout), " is not in 0s..1h"));
  }
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
