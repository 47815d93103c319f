// server/metrics_port.h
// The HTTP port for machines and people that watch a server: GET /metrics, /statusz and /healthz.
// Two threads of its own, one request a connection; it knows no more of the server than its pages.
#ifndef ASSAY_SERVER_METRICS_PORT_H_
#define ASSAY_SERVER_METRICS_PORT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/server_state.h"

struct mg_context;     // civetweb's server.
struct mg_connection;  // One of its connections.

namespace assay {

// Called on the port's threads, two at a time at most, whenever someone asks.
struct MetricsPages {
  std::function<std::string()> metrics;      // Prometheus' text format.
  std::function<std::string()> status_page;  // A self-contained HTML page without script.
  std::function<Health()> health;
};

// Create() and the destructor on one thread.
class MetricsPort {
 public:
  // Listens on HOST:PORT; port 0 takes a free one.
  //   INVALID_ARGUMENT     `listen` is not HOST:PORT.
  //   FAILED_PRECONDITION  it cannot be listened on, for example because it is in use.
  static absl::StatusOr<std::unique_ptr<MetricsPort>> Create(const std::string& listen,
                                                             MetricsPages pages);

  ~MetricsPort();  // Waits for the pages being made.
  MetricsPort(const MetricsPort&) = delete;
  MetricsPort& operator=(const MetricsPort&) = delete;

  // HOST:PORT, with the port that was bound.
  const std::string& address() const { return address_; }

 private:
  explicit MetricsPort(MetricsPages pages) : pages_(std::move(pages)) {}

  static int OnRequest(mg_connection* connection);
  void Answer(mg_connection* connection) const;

  const MetricsPages pages_;
  std::string address_;
  mg_context* server_ = nullptr;  // Owned; null where it does not listen.
};

}  // namespace assay

#endif  // ASSAY_SERVER_METRICS_PORT_H_
