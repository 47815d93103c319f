#include "server/server.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "server/credentials.h"
#include "server/listen_address.h"
#include "server/observer_names.h"
#include "server/reply_builder.h"
#include "server/status_page.h"
#include "server/warm_up.h"

namespace assay {
namespace {

// A request a little too large still arrives, to be refused by name; gRPC refuses the rest.
constexpr int64_t kReceiveSlackBytes = 1 << 20;
// What the port of health allows: a question is a name of a few bytes.
constexpr int64_t kHealthMessageBytes = 4096;
constexpr int64_t kHealthCalls = 16;
// Of probes and of balancers' health checks. A share of the descriptors that connection_listener.cc
// sets apart, so that those of clients never take them.
constexpr int64_t kHealthConnections = 64;
// The health service that a probe of liveness asks: it answers while the process does.
constexpr char kLiveness[] = "live";
// For the last replies to reach their clients once they are made.
constexpr absl::Duration kFlushTimeout = absl::Seconds(5);

std::vector<std::string> DevicesOf(const std::vector<std::unique_ptr<Scorer>>& scorers) {
  std::vector<std::string> devices;
  for (const std::unique_ptr<Scorer>& scorer : scorers) devices.push_back(scorer->info().device);
  return devices;
}

std::vector<Scorer*> Borrow(const std::vector<std::unique_ptr<Scorer>>& scorers) {
  std::vector<Scorer*> borrowed;
  for (const std::unique_ptr<Scorer>& scorer : scorers) borrowed.push_back(scorer.get());
  return borrowed;
}

void AwaitTime(absl::Time time) {
  Mutex mu;
  CondVar never;
  MutexLock lock(&mu);
  while (Clock::Real()->WaitUntil(mu, never, time)) {
  }
}

absl::StatusOr<std::unique_ptr<GrpcPort>> OpenPort(const ServerOptions& options,
                                                   grpc::Service* service) {
  ASSAY_ASSIGN_OR_RETURN(ListenAddress listen, ParseListenAddress(options.listen));
  return GrpcPort::Create({.listen = std::move(listen),
                           .credentials = MakeServerCredentials(options),
                           .service = service,
                           .max_connections = options.max_connections,
                           .max_message_bytes = options.max_request_bytes + kReceiveSlackBytes,
                           .max_calls = options.max_calls_per_connection,
                           .max_metadata_bytes = options.max_metadata_bytes,
                           .min_ping_interval = options.min_ping_interval,
                           .keepalive_interval = options.keepalive_interval,
                           .max_connection_age = options.max_connection_age});
}

// Kubernetes' probes speak no TLS, hence plaintext.
absl::StatusOr<std::unique_ptr<GrpcPort>> OpenHealthPort(const ServerOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(ListenAddress listen, ParseListenAddress(options.health_listen));
  absl::StatusOr<std::unique_ptr<GrpcPort>> port =
      GrpcPort::Create({.listen = std::move(listen),
                        .credentials = grpc::InsecureServerCredentials(),
                        .max_connections = kHealthConnections,
                        .max_message_bytes = kHealthMessageBytes,
                        .max_calls = kHealthCalls,
                        .max_metadata_bytes = options.max_metadata_bytes,
                        .min_ping_interval = options.min_ping_interval,
                        .keepalive_interval = options.keepalive_interval});
  if (port.ok()) return port;
  return absl::Status(port.status().code(),
                      absl::StrCat("health_listen: ", port.status().message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(ServerOptions options, ServedModel model,
                                                       std::function<void()> on_devices_failed) {
  ASSAY_RETURN_IF_ERROR(options.Validate());
  if (model.scorers.empty()) return absl::InvalidArgumentError("scorers: none");
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<ReloadedFiles> files,
                         ReloadedFiles::Create(options, Clock::Real()));
  options = WithDeviceDefaults(std::move(options), DevicesOf(model.scorers));
  const int64_t batch_tokens = options.self_test ? options.max_batch_tokens : 0;
  ASSAY_ASSIGN_OR_RETURN(const double tokens_per_second,
                         WarmUp(*model.encoder, Borrow(model.scorers), batch_tokens,
                                model.info.max_tokens, Clock::Real()));
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(model), std::move(files),
                                            tokens_per_second, std::move(on_devices_failed)));
  ASSAY_RETURN_IF_ERROR(server->Listen());
  ASSAY_RETURN_IF_ERROR(server->ListenForMetrics());
  return server;
}

Server::Server(ServerOptions options, ServedModel model, std::unique_ptr<ReloadedFiles> files,
               double tokens_per_second, std::function<void()> on_devices_failed)
    : options_(std::move(options)),
      info_(std::move(model.info)),
      devices_(DevicesOf(model.scorers)),
      files_(std::move(files)),
      encoder_(std::move(model.encoder)),
      scorers_(std::move(model.scorers)),
      on_devices_failed_(std::move(on_devices_failed)),
      metrics_(info_, {.state = [this] { return State(); },
                       .device_memory = std::move(model.device_memory)}),
      // Validate() has seen that it parses.
      request_log_(*ParseRequestLogging(options_.log_requests), Clock::Real()),
      pipeline_({.encoder_threads = static_cast<int>(options_.encoder_threads),
                 .max_waiting_bytes = options_.max_waiting_bytes,
                 .batching = {.queue = {.budget = {.max_tokens = options_.max_batch_tokens},
                                        .max_queued_tokens = options_.max_queued_tokens,
                                        .predict_deadlines = options_.predict_deadlines,
                                        .initial_tokens_per_second = tokens_per_second},
                              .stuck_after = options_.stuck_after},
                 .result_cache_bytes = options_.result_cache_mib << 20,
                 .observer = &observers_},
                Clock::Real(), encoder_.get(), Borrow(scorers_)),
      handler_({.max_tokens = info_.max_tokens,
                .max_messages = options_.max_messages,
                .max_responses = options_.max_responses,
                .max_text_bytes = options_.max_text_bytes,
                .max_request_bytes = options_.max_request_bytes},
               info_.revision, &pipeline_, {.observer = &observers_, .log = &request_log_}),
      service_(&handler_, files_->tokens(), options_.max_in_flight_per_stream,
               [this] { return Info(); }) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

absl::Status Server::Listen() {
  ASSAY_ASSIGN_OR_RETURN(port_, OpenPort(options_, &service_));
  address_ = port_->address();
  if (!options_.health_listen.empty()) {
    ASSAY_ASSIGN_OR_RETURN(health_port_, OpenHealthPort(options_));
    health_address_ = health_port_->address();
  }
  SetReadiness(Health::kServing);
  SetServing(kLiveness, true);
  monitor_ = std::make_unique<HealthMonitor>(
      Clock::Real(),
      HealthMonitor::Hooks{.workers = [this] { return pipeline_.state().scheduler.workers; },
                           .on_change = [this](Health health) { SetReadiness(health); },
                           .on_devices_failed = on_devices_failed_});
  port_->Start();
  spdlog::info("serving {} ({}) on {}", info_.name, info_.revision.substr(0, 12), address_);
  if (health_port_ != nullptr) {
    health_port_->Start();
    spdlog::info("health alone, in plaintext, on {}", health_address_);
  }
  return absl::OkStatus();
}

void Server::SetServing(const std::string& health_service, bool serving) {
  port_->SetServing(health_service, serving);
  if (health_port_ != nullptr) health_port_->SetServing(health_service, serving);
}

void Server::SetReadiness(Health health) {
  spdlog::info("health: {}", NameOf(health));
  for (const char* service : {"", v1::RewardService::service_full_name()}) {
    SetServing(service, health == Health::kServing);
  }
}

absl::Status Server::ListenForMetrics() {
  if (options_.metrics_listen.empty()) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(metrics_port_,
                         MetricsPort::Create(options_.metrics_listen,
                                             {.metrics = [this] { return metrics_.Text(); },
                                              .status_page = [this] { return StatusPageNow(); },
                                              .health = [this] { return State().health; }}));
  spdlog::info("metrics and status page on http://{}/statusz", metrics_port_->address());
  return absl::OkStatus();
}

std::string Server::StatusPageNow() const {
  StatusPageInput input = {.state = State(),
                           .model = info_,
                           .devices = devices_,
                           .options = options_,
                           .batches = recent_batches_.Last(),
                           .refusals = {},
                           .deadline_misses = {},
                           .settings = options_.settings,
                           .address = address_,
                           .now = Clock::Real()->Now()};
  for (Refusal reason : kRefusals) {
    input.refusals.emplace_back(NameOf(reason), metrics_.Refused(reason));
  }
  for (DeadlineStage stage : kDeadlineStages) {
    input.deadline_misses.emplace_back(NameOf(stage), metrics_.DeadlinesMissed(stage));
  }
  return StatusPage(input);
}

void Server::Shutdown(absl::Duration drain_timeout) {
  if (port_ == nullptr || monitor_ == nullptr) return;
  monitor_->BeginStopping();
  if (options_.lame_duck > absl::ZeroDuration() && drain_timeout > absl::ZeroDuration()) {
    spdlog::info("stopping: requests are still taken for {}",
                 absl::FormatDuration(options_.lame_duck));
    AwaitTime(Clock::Real()->Now() + options_.lame_duck);
  }
  spdlog::info("stopping: up to {} for requests in progress", absl::FormatDuration(drain_timeout));
  service_.BeginDrain();
  pipeline_.Drain(Clock::Real()->Now() + drain_timeout);
  // Every reply is on its way now; a client that does not take it is cut off.
  port_->Shutdown(kFlushTimeout);
  port_.reset();
  metrics_port_.reset();
  health_port_.reset();
  spdlog::info("stopped");
}

ServerState Server::State() const {
  return {.health = monitor_ == nullptr ? Health::kStopping : monitor_->health(),
          .uptime = Clock::Real()->Now() - created_at_,
          .pipeline = pipeline_.state(),
          .files = files_->state()};
}

v1::ModelInfo Server::Info() const { return ToModelInfo(info_, devices_, options_, State()); }

}  // namespace assay
