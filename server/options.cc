#include "server/options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/memory_plan.h"
#include "server/listen_address.h"
#include "server/option_value.h"

namespace assay {
namespace {

// `small` may not be larger than `large`.
absl::Status CheckOrder(const char* small_field, int64_t small, const char* large_field,
                        int64_t large) {
  if (small <= large) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(small_field, " (", small, ") contradicts ",
                                                 large_field, " (", large,
                                                 "): it may not be larger"));
}

// Two ports are two addresses.
absl::Status CheckPorts(const char* field, const ListenAddress& address, const char* other_field,
                        const ListenAddress& other) {
  if (address.port == 0 || address.ToString() != other.ToString()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " contradicts ", other_field, ": both are ",
                                                 address.ToString(), "; give one another port"));
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  ASSAY_RETURN_IF_ERROR(CheckRanges(*this));
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
    ASSAY_ASSIGN_OR_RETURN(const ListenAddress metrics,
                           ParseListenAddress(metrics_listen, "metrics_listen"));
    if (!metrics.IsLoopback() && !insecure_metrics) {
      return absl::InvalidArgumentError(absl::StrCat(
          "metrics_listen: ", metrics_listen,
          " can be reached from other machines, and is plain HTTP: listen on 127.0.0.1, or add "
          "--insecure-metrics where the network itself is trusted"));
    }
    ASSAY_RETURN_IF_ERROR(CheckPorts("metrics_listen", metrics, "listen", address));
  } else if (insecure_metrics) {
    return absl::InvalidArgumentError(
        "insecure_metrics is set without metrics_listen: there are no metrics to answer");
  }
  if (!health_listen.empty()) {
    ASSAY_ASSIGN_OR_RETURN(const ListenAddress health,
                           ParseListenAddress(health_listen, "health_listen"));
    ASSAY_RETURN_IF_ERROR(CheckPorts("health_listen", health, "listen", address));
    if (!metrics_listen.empty()) {
      ASSAY_ASSIGN_OR_RETURN(const ListenAddress metrics,
                             ParseListenAddress(metrics_listen, "metrics_listen"));
      ASSAY_RETURN_IF_ERROR(CheckPorts("health_listen", health, "metrics_listen", metrics));
    }
  }
  ASSAY_RETURN_IF_ERROR(
      CheckOrder("max_batch_tokens", max_batch_tokens, "max_queued_tokens", max_queued_tokens));
  ASSAY_RETURN_IF_ERROR(
      CheckOrder("max_text_bytes", max_text_bytes, "max_request_bytes", max_request_bytes));
  ASSAY_RETURN_IF_ERROR(
      CheckOrder("max_request_bytes", max_request_bytes, "max_waiting_bytes", max_waiting_bytes));
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
