// server/server.h
// Puts the rooms together: a warm model, a listening port, health and reflection beside the
// service; and takes them apart again without losing a reply. Decides nothing about requests.
//
// Shutting down goes against the flow of a request, in this order: health answers NOT_SERVING;
// streams read no more and new requests are answered UNAVAILABLE; what was accepted is encoded,
// scored and answered; streams end; the port closes. A call that crosses the closing of its
// connection is not accepted, and gRPC answers it CANCELLED.
#ifndef ASSAY_SERVER_SERVER_H_
#define ASSAY_SERVER_SERVER_H_

#include <grpcpp/server.h>

#include <atomic>
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
#include "server/metrics.h"
#include "server/metrics_port.h"
#include "server/observers.h"
#include "server/options.h"
#include "server/recent_batches.h"
#include "server/request_handler.h"
#include "server/request_log.h"
#include "server/score_service.h"
#include "server/scoring_pipeline.h"
#include "server/server_state.h"
#include "server/setting.h"
#include "server/state_metrics.h"

namespace assay {

// What is only shown, on the status page and in metrics.
struct ServerFacts {
  std::vector<Setting> settings = {};
  // Called at every scrape, on the metrics port's threads. Null: no GPU.
  std::function<std::vector<DeviceMemoryReading>()> device_memory = nullptr;
};

// Create(), Shutdown() and the destructor on one thread; the rest on any.
class Server {
 public:
  // Runs one forward pass on each scorer, then listens. `info` describes what they have loaded; one
  // worker a scorer, at least one.
  //   INVALID_ARGUMENT     from options.Validate(), or no scorer.
  //   FAILED_PRECONDITION  one of the addresses cannot be listened on, for example because it is in
  //                        use.
  //   others               of the encoder or a scorer, from the warm-up.
  static absl::StatusOr<std::unique_ptr<Server>> Create(
      ServerOptions options, ModelInfo info, std::unique_ptr<ConversationEncoder> encoder,
      std::vector<std::unique_ptr<Scorer>> scorers, ServerFacts facts = {});

  ~Server();  // As Shutdown(absl::ZeroDuration()).
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT, with the port that was bound.
  const std::string& address() const { return address_; }

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
  Server(ServerOptions options, ModelInfo info, std::unique_ptr<ConversationEncoder> encoder,
         std::vector<std::unique_ptr<Scorer>> scorers, ServerFacts facts);

  absl::Status Listen();
  absl::Status ListenForMetrics();
  std::string StatusPageNow() const;

  const ServerOptions options_;
  const ServerFacts facts_;
  const ModelInfo info_;
  const std::vector<std::string> devices_;
  // Each borrows from those above it.
  const std::unique_ptr<ConversationEncoder> encoder_;
  const std::vector<std::unique_ptr<Scorer>> scorers_;
  RecentBatches recent_batches_;
  Metrics metrics_;
  Observers observers_{{&metrics_, &recent_batches_}};
  RequestLog request_log_;
  ScoringPipeline pipeline_;
  const RequestHandler handler_;
  ScoreService service_;
  const absl::Time created_at_ = Clock::Real()->Now();
  std::unique_ptr<grpc::Server> grpc_server_;  // Null before Listen() and after Shutdown().
  std::string address_;
  std::atomic<Health> health_{Health::kServing};
  // Its pages read the rest of the server. Null: none, and after Shutdown().
  std::unique_ptr<MetricsPort> metrics_port_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SERVER_H_
