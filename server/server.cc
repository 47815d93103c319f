#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/listen_address.h"
#include "server/observer_names.h"
#include "server/reply_builder.h"
#include "server/status_page.h"

namespace assay {
namespace {

// A request a little too large still arrives, to be refused by name; gRPC refuses the rest.
constexpr int64_t kReceiveSlackBytes = 1 << 20;
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

// The first pass of a device is slow, and shows whether it works at all.
absl::Status WarmUp(const ConversationEncoder& encoder, Scorer& scorer) {
  const std::vector<Message> prompt = {{"user", "Are you ready?"}};
  const std::vector<std::string> responses = {"Yes."};
  ASSAY_ASSIGN_OR_RETURN(const EncodedGroup encoded, encoder.Encode(prompt, responses, {}));
  for (const absl::StatusOr<size_t>& slot : encoded.slots) ASSAY_RETURN_IF_ERROR(slot.status());
  for (const absl::StatusOr<RewardScore>& score : scorer.ScoreBatch({&encoded.group, 1})) {
    ASSAY_RETURN_IF_ERROR(score.status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(ServerOptions options, ModelInfo info,
                                                       std::unique_ptr<ConversationEncoder> encoder,
                                                       std::vector<std::unique_ptr<Scorer>> scorers,
                                                       ServerFacts facts) {
  ASSAY_RETURN_IF_ERROR(options.Validate());
  if (scorers.empty()) return absl::InvalidArgumentError("scorers: none");
  for (const std::unique_ptr<Scorer>& scorer : scorers) {
    if (absl::Status warm = WarmUp(*encoder, *scorer); !warm.ok()) {
      return absl::Status(warm.code(),
                          absl::StrCat("the first forward pass on ", scorer->info().device,
                                       " failed: ", warm.message()));
    }
  }
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(info), std::move(encoder),
                                            std::move(scorers), std::move(facts)));
  ASSAY_RETURN_IF_ERROR(server->Listen());
  ASSAY_RETURN_IF_ERROR(server->ListenForMetrics());
  return server;
}

Server::Server(ServerOptions options, ModelInfo info, std::unique_ptr<ConversationEncoder> encoder,
               std::vector<std::unique_ptr<Scorer>> scorers, ServerFacts facts)
    : options_(WithDeviceDefaults(std::move(options), DevicesOf(scorers))),
      facts_(std::move(facts)),
      info_(std::move(info)),
      devices_(DevicesOf(scorers)),
      encoder_(std::move(encoder)),
      scorers_(std::move(scorers)),
      metrics_(info_, {.state = [this] { return State(); }, .device_memory = facts_.device_memory}),
      // Validate() has seen that it parses.
      request_log_(*ParseRequestLogging(options_.log_requests), Clock::Real()),
      pipeline_({.encoder_threads = static_cast<int>(options_.encoder_threads),
                 .max_waiting_bytes = options_.max_waiting_bytes,
                 .batching = {.budget = {.max_tokens = options_.max_batch_tokens},
                              .max_queued_tokens = options_.max_queued_tokens}},
                Clock::Real(), encoder_.get(), Borrow(scorers_)),
      handler_({.max_tokens = info_.max_tokens,
                .max_messages = options_.max_messages,
                .max_responses = options_.max_responses,
                .max_text_bytes = options_.max_text_bytes,
                .max_request_bytes = options_.max_request_bytes},
               info_.revision, &pipeline_, {.observer = &observers_, .log = &request_log_}),
      service_(&handler_, options_.max_in_flight_per_stream, [this] {
        const absl::Time asked = Clock::Real()->Now();
        v1::ModelInfo info = Info();
        observers_.OnRequest({.method = "GetModel",
                              .tenant = CallContext().tenant,
                              .code = absl::StatusCode::kOk,
                              .total = Clock::Real()->Now() - asked,
                              .stages = {}});
        return info;
      }) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

absl::Status Server::Listen() {
  ASSAY_ASSIGN_OR_RETURN(ListenAddress listen, ParseListenAddress(options_.listen));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(listen.ToString(), grpc::InsecureServerCredentials(), &port);
  // Two servers on one port would share its clients in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(options_.max_request_bytes + kReceiveSlackBytes));
  builder.RegisterService(&service_);
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr || port == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", options_.listen,
                     ": the port is in use, not permitted, or the host is not this machine's"));
  }
  listen.port = port;
  address_ = listen.ToString();
  grpc_server_->GetHealthCheckService()->SetServingStatus(v1::RewardService::service_full_name(),
                                                          true);
  spdlog::info("serving {} ({}) on {}", info_.name, info_.revision.substr(0, 12), address_);
  return absl::OkStatus();
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
                           .settings = facts_.settings,
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
  if (grpc_server_ == nullptr) return;
  health_ = Health::kStopping;
  spdlog::info("stopping: up to {} for requests in progress", absl::FormatDuration(drain_timeout));
  grpc_server_->GetHealthCheckService()->Shutdown();
  service_.BeginDrain();
  pipeline_.Drain(Clock::Real()->Now() + drain_timeout);
  // Every reply is on its way now; a client that does not take it is cut off.
  grpc_server_->Shutdown(absl::ToChronoTime(Clock::Real()->Now() + kFlushTimeout));
  grpc_server_.reset();
  metrics_port_.reset();
  spdlog::info("stopped");
}

ServerState Server::State() const {
  return {.health = health_,
          .uptime = Clock::Real()->Now() - created_at_,
          .pipeline = pipeline_.state()};
}

v1::ModelInfo Server::Info() const { return ToModelInfo(info_, devices_, options_, State()); }

}  // namespace assay
