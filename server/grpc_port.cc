#include "server/grpc_port.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/status_macros.h"

namespace assay {
namespace {

// A connection that has not introduced itself by then is closed.
constexpr absl::Duration kHandshakeTimeout = absl::Seconds(20);
// A live client answers a ping at once; so long because its machine, or the network, may be busy.
constexpr absl::Duration kLongestKeepaliveTimeout = absl::Seconds(20);

int Milliseconds(absl::Duration time) { return static_cast<int>(absl::ToInt64Milliseconds(time)); }

// Takes out what gRPC adds to every server of a process: reflection.
class WithoutPlugins : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

void SetLimits(const GrpcPort::Options& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  // gRPC would unpack a message before it looks at its size: a megabyte on the wire could take a
  // gigabyte of memory. So packed messages are UNIMPLEMENTED.
  builder->AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  for (grpc_compression_algorithm packed : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder->SetCompressionAlgorithmSupportStatus(packed, false);
  }
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(options.max_calls));
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                              static_cast<int>(options.max_metadata_bytes));
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              Milliseconds(kHandshakeTimeout));
  if (options.max_connection_age > absl::ZeroDuration()) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                Milliseconds(options.max_connection_age));
  }
}

void SetPings(const GrpcPort::Options& options, grpc::ServerBuilder* builder) {
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              Milliseconds(options.min_ping_interval));
  // Without it a connection that has no call just then may be pinged every two hours only, from
  // either side.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_interval));
  builder->AddChannelArgument(
      GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
      Milliseconds(std::min(options.keepalive_interval, kLongestKeepaliveTimeout)));
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcPort>> GrpcPort::Create(const Options& options) {
  std::unique_ptr<GrpcPort> port(new GrpcPort());
  ASSAY_ASSIGN_OR_RETURN(
      port->listener_,
      ConnectionListener::Create(options.listen, options.max_connections, Clock::Real()));
  port->address_ = port->listener_->address().ToString();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(options, &builder);
  SetPings(options, &builder);
  port->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, options.credentials);
  if (options.service != nullptr) {
    builder.RegisterService(options.service);
  } else {
    // Answers UNIMPLEMENTED, and a server without a service does not start.
    port->nothing_else_ = std::make_unique<grpc::CallbackGenericService>();
    builder.RegisterCallbackGenericService(port->nothing_else_.get());
    builder.SetOption(std::make_unique<WithoutPlugins>());
  }
  port->server_ = builder.BuildAndStart();
  if (port->server_ == nullptr) return absl::InternalError("gRPC cannot start a server");
  return port;
}

GrpcPort::~GrpcPort() { Shutdown(absl::ZeroDuration()); }

void GrpcPort::SetServing(const std::string& service, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(service, serving);
}

void GrpcPort::Start() {
  listener_->Start([this](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  });
}

void GrpcPort::Shutdown(absl::Duration flush_timeout) {
  if (server_ == nullptr) return;
  listener_->Stop();
  server_->Shutdown(absl::ToChronoTime(Clock::Real()->Now() + flush_timeout));
  server_.reset();
}

}  // namespace assay
