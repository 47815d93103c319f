#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/credentials.h"
#include "server/listen_address.h"
#include "server/reply_builder.h"

namespace assay {
namespace {

// A request a little too large still arrives, to be refused by name; gRPC refuses the rest.
constexpr int64_t kReceiveSlackBytes = 1 << 20;
// A connection that has not introduced itself by then is closed.
constexpr absl::Duration kHandshakeTimeout = absl::Seconds(20);
// A peer that has vanished without a word is found out after the two of them, and its connection no
// longer counts.
constexpr absl::Duration kKeepaliveTime = absl::Minutes(2);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);
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

int Milliseconds(absl::Duration time) { return static_cast<int>(absl::ToInt64Milliseconds(time)); }

// What a connection may cost: its calls, their metadata, its pings, its age.
void SetConnectionLimits(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(
      static_cast<int>(options.max_request_bytes + kReceiveSlackBytes));
  // gRPC would unpack a message before it looks at its size: a megabyte on the wire could take a
  // gigabyte of memory. So packed messages are UNIMPLEMENTED.
  builder->AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  for (grpc_compression_algorithm packed : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder->SetCompressionAlgorithmSupportStatus(packed, false);
  }
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                              static_cast<int>(options.max_calls_per_connection));
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                              static_cast<int>(options.max_metadata_bytes));
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              Milliseconds(options.min_ping_interval));
  // Without it a connection that has no call just then may ping every two hours only.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              Milliseconds(kHandshakeTimeout));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(kKeepaliveTime));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kKeepaliveTimeout));
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  if (options.max_connection_age > absl::ZeroDuration()) {
    // Calls in progress run to their end on the old connection.
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                Milliseconds(options.max_connection_age));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(
    ServerOptions options, ModelInfo info, std::unique_ptr<ConversationEncoder> encoder,
    std::vector<std::unique_ptr<Scorer>> scorers) {
  ASSAY_RETURN_IF_ERROR(options.Validate());
  if (scorers.empty()) return absl::InvalidArgumentError("scorers: none");
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<ReloadedFiles> files,
                         ReloadedFiles::Create(options, Clock::Real()));
  for (const std::unique_ptr<Scorer>& scorer : scorers) {
    if (absl::Status warm = WarmUp(*encoder, *scorer); !warm.ok()) {
      return absl::Status(warm.code(),
                          absl::StrCat("the first forward pass on ", scorer->info().device,
                                       " failed: ", warm.message()));
    }
  }
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(info), std::move(files),
                                            std::move(encoder), std::move(scorers)));
  ASSAY_RETURN_IF_ERROR(server->Listen());
  return server;
}

Server::Server(ServerOptions options, ModelInfo info, std::unique_ptr<ReloadedFiles> files,
               std::unique_ptr<ConversationEncoder> encoder,
               std::vector<std::unique_ptr<Scorer>> scorers)
    : options_(WithDeviceDefaults(std::move(options), DevicesOf(scorers))),
      info_(std::move(info)),
      devices_(DevicesOf(scorers)),
      files_(std::move(files)),
      encoder_(std::move(encoder)),
      scorers_(std::move(scorers)),
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
               info_.revision, &pipeline_),
      service_(&handler_, files_->tokens(), options_.max_in_flight_per_stream,
               [this] { return Info(); }) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

absl::Status Server::Listen() {
  ASSAY_ASSIGN_OR_RETURN(const ListenAddress listen, ParseListenAddress(options_.listen));
  ASSAY_ASSIGN_OR_RETURN(
      listener_, ConnectionListener::Create(listen, options_.max_connections, Clock::Real()));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetConnectionLimits(options_, &builder);
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      MakeServerCredentials(options_));
  builder.RegisterService(&service_);
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr) return absl::InternalError("gRPC cannot start a server");
  address_ = listener_->address().ToString();
  grpc_server_->GetHealthCheckService()->SetServingStatus(v1::RewardService::service_full_name(),
                                                          true);
  listener_->Start([this](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  });
  spdlog::info("serving {} ({}) on {}", info_.name, info_.revision.substr(0, 12), address_);
  return absl::OkStatus();
}

void Server::Shutdown(absl::Duration drain_timeout) {
  if (grpc_server_ == nullptr) return;
  spdlog::info("stopping: up to {} for requests in progress", absl::FormatDuration(drain_timeout));
  grpc_server_->GetHealthCheckService()->Shutdown();
  service_.BeginDrain();
  pipeline_.Drain(Clock::Real()->Now() + drain_timeout);
  listener_->Stop();
  // Every reply is on its way now; a client that does not take it is cut off.
  grpc_server_->Shutdown(absl::ToChronoTime(Clock::Real()->Now() + kFlushTimeout));
  grpc_server_.reset();
  spdlog::info("stopped");
}

ServerState Server::State() const {
  return {.health = Health::kServing,
          .uptime = Clock::Real()->Now() - created_at_,
          .pipeline = pipeline_.state()};
}

v1::ModelInfo Server::Info() const { return ToModelInfo(info_, devices_, options_, State()); }

}  // namespace assay
