// server/server.h
// Puts the rooms together: a warm model, the ports, and health that is the same on all of them; and
// takes them apart again without losing a reply. Decides nothing about requests.
//
// Shutting down goes against the flow of a request, in this order: health answers NOT_SERVING;
// streams read no more and new requests are answered UNAVAILABLE; what was accepted is encoded,
// scored and answered; streams end; the port closes, and after it those of metrics and of health. A
// call that crosses the closing of its connection is not accepted, and gRPC answers it CANCELLED.
#ifndef ASSAY_SERVER_SERVER_H_
#define ASSAY_SERVER_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.pb.h"
#include "base/clock.h"
#include "model/conversation_encoder.h"
#include "model/scorer.h"
#include "model/types.h"
#include "server/grpc_port.h"
#include "server/health_monitor.h"
#include "server/metrics.h"
#include "server/metrics_port.h"
#include "server/observers.h"
#include "server/options.h"
#include "server/recent_batches.h"
#include "server/reloaded_files.h"
#include "server/request_handler.h"
#include "server/request_log.h"
#include "server/score_service.h"
#include "server/scoring_pipeline.h"
#include "server/served_model.h"
#include "server/server_state.h"

namespace assay {

// Create(), Shutdown() and the destructor on one thread; the rest on any.
class Server {
 public:
  // Warms the model up (warm_up.h), then listens. `on_devices_failed` runs once, on a thread of the
  // server's, when every device failed for good.
  //   INVALID_ARGUMENT     from options.Validate(), or the model has no scorer.
  //   FAILED_PRECONDITION  one of the addresses cannot be listened on, for example because it is in
  //                        use; or   max_connections are more than the process may have open files.
  //   NOT_FOUND, INVALID_ARGUMENT
  //                        a certificate, key or file of tokens that is missing or wrong.
  //   others               of the encoder or a scorer, from the warm-up.
  static absl::StatusOr<std::unique_ptr<Server>> Create(
      ServerOptions options, ServedModel model, std::function<void()> on_devices_failed = [] {});

  ~Server();  // As Shutdown(absl::ZeroDuration()).
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT, with the port that was bound.
  const std::string& address() const { return address_; }

  // HOST:PORT of the plaintext port that serves grpc.health.v1 alone; empty where
  // options.health_listen is. It answers until Shutdown() is done with all else.
  const std::string& health_address() const { return health_address_; }

  // HOST:PORT of /metrics and /statusz; empty where options.metrics_listen is. It answers until
  // Shutdown() is done with all else.
  std::string metrics_address() const {
    return metrics_port_ == nullptr ? "" : metrics_port_->address();
  }

  // Every request accepted is answered: those whose turn has not come within `drain_timeout` with
  // UNAVAILABLE. Blocks until all is done. Later calls do nothing.
  void Shutdown(absl::Duration drain_timeout);

  // How it is right now.
  ServerState State() const;

  // As GetModel answers it now.
  v1::ModelInfo Info() const;

 private:
  Server(ServerOptions options, ServedModel model, std::unique_ptr<ReloadedFiles> files,
         double tokens_per_second, std::function<void()> on_devices_failed);

  absl::Status Listen();
  absl::Status ListenForMetrics();
  std::string StatusPageNow() const;
  // On every port.
  void SetServing(const std::string& health_service, bool serving);
  // Both of gRPC's health services that a probe of readiness asks.
  void SetReadiness(Health health);

  const ServerOptions options_;
  const ModelInfo info_;
  const std::vector<std::string> devices_;
  // Each borrows from those above it.
  const std::unique_ptr<ReloadedFiles> files_;
  const std::unique_ptr<ConversationEncoder> encoder_;
  const std::vector<std::unique_ptr<Scorer>> scorers_;
  const std::function<void()> on_devices_failed_;
  RecentBatches recent_batches_;
  Metrics metrics_;
  Observers observers_{{&metrics_, &recent_batches_}};
  RequestLog request_log_;
  ScoringPipeline pipeline_;
  const RequestHandler handler_;
  ScoreService service_;
  const absl::Time created_at_ = Clock::Real()->Now();
  std::unique_ptr<GrpcPort> port_;         // Null before Listen() and after Shutdown().
  std::unique_ptr<GrpcPort> health_port_;  // The same; and where there is none.
  std::string address_;
  std::string health_address_;
  std::unique_ptr<HealthMonitor> monitor_;  // From Listen() on.
  // Its pages read the rest of the server. Null: none, and after Shutdown().
  std::unique_ptr<MetricsPort> metrics_port_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SERVER_H_
