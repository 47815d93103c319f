#include "server/metrics_port.h"

#include <civetweb.h>
#include <spdlog/spdlog.h>

#include <array>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "server/listen_address.h"

namespace assay {
namespace {

struct HttpAnswer {
  absl::string_view status;  // "200 OK".
  absl::string_view content_type = "text/plain; charset=utf-8";
  std::string body = {};
  absl::string_view more_headers = "";
};

void Send(mg_connection* connection, const HttpAnswer& answer) {
  // Nothing on any page comes from elsewhere or runs; styles are in the page itself.
  const std::string head =
      absl::StrCat("HTTP/1.1 ", answer.status, "\r\nContent-Type: ", answer.content_type,
                   "\r\nContent-Length: ", answer.body.size(),
                   "\r\nConnection: close\r\nCache-Control: no-store"
                   "\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
                   "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                   "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n",
                   answer.more_headers, "\r\n");
  mg_write(connection, head.data(), head.size());
  mg_write(connection, answer.body.data(), answer.body.size());
}

// civetweb's own lines, which may name a client, stay at debug level.
int OnLogLine(const mg_connection* /*connection*/, const char* line) {
  spdlog::debug("metrics port: {}", line);
  return 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsPort>> MetricsPort::Create(const std::string& listen,
                                                                 MetricsPages pages) {
  ASSAY_ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(listen));
  static std::once_flag once;
  std::call_once(once, [] { mg_init_library(MG_FEATURES_DEFAULT); });

  // Its parser knows addresses, not names; "localhost" is one that options allow.
  const std::string where =
      address.host == "localhost" ? absl::StrCat("127.0.0.1:", address.port) : address.ToString();
  const std::array options = {"listening_ports",
                              where.c_str(),
                              "num_threads",
                              "2",
                              "enable_keep_alive",
                              "no",
                              "request_timeout_ms",
                              "5000",
                              "max_request_size",
                              "8192",
                              "linger_timeout_ms",
                              "1000",
                              static_cast<const char*>(nullptr)};
  mg_callbacks callbacks = {};
  callbacks.begin_request = &MetricsPort::OnRequest;
  callbacks.log_message = &OnLogLine;

  std::unique_ptr<MetricsPort> port(new MetricsPort(std::move(pages)));
  port->server_ = mg_start(&callbacks, port.get(), const_cast<const char**>(options.data()));
  mg_server_port bound = {};
  if (port->server_ == nullptr || mg_get_server_ports(port->server_, 1, &bound) != 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        "metrics_listen: cannot listen on ", listen,
        ": the port is in use, not permitted, or the host is not an address of this machine"));
  }
  address.port = bound.port;
  port->address_ = address.ToString();
  return port;
}

MetricsPort::~MetricsPort() {
  if (server_ != nullptr) mg_stop(server_);
}

int MetricsPort::OnRequest(mg_connection* connection) {
  static_cast<const MetricsPort*>(mg_get_user_context_data(connection))->Answer(connection);
  return 1;
}

void MetricsPort::Answer(mg_connection* connection) const {
  const mg_request_info* const request = mg_get_request_info(connection);
  const absl::string_view path = request->local_uri == nullptr ? "" : request->local_uri;
  if (path != "/metrics" && path != "/statusz" && path != "/healthz") {
    return Send(connection,
                {.status = "404 Not Found", .body = "try /statusz, /metrics or /healthz\n"});
  }
  if (absl::string_view(request->request_method) != "GET") {
    return Send(connection, {.status = "405 Method Not Allowed",
                             .body = "only GET\n",
                             .more_headers = "Allow: GET\r\n"});
  }
  if (path == "/metrics") {
    return Send(connection, {.status = "200 OK",
                             .content_type = "text/plain; version=0.0.4; charset=utf-8",
                             .body = pages_.metrics()});
  }
  if (path == "/statusz") {
    return Send(connection, {.status = "200 OK",
                             .content_type = "text/html; charset=utf-8",
                             .body = pages_.status_page()});
  }
  const Health health = pages_.health();
  Send(connection, {.status = health == Health::kServing ? "200 OK" : "503 Service Unavailable",
                    .body = absl::StrCat(NameOf(health), "\n")});
}

}  // namespace assay
