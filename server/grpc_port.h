// server/grpc_port.h
// A listening port that speaks gRPC: connection_listener.h takes its connections, limits say what
// one of them may cost, and grpc.health.v1 answers on it. What else is served, and what is healthy,
// is said by who makes it.
#ifndef ASSAY_SERVER_GRPC_PORT_H_
#define ASSAY_SERVER_GRPC_PORT_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/connection_listener.h"
#include "server/listen_address.h"

namespace assay {

// On one thread; SetServing() on any, before Shutdown().
class GrpcPort {
 public:
  struct Options {
    ListenAddress listen;
    std::shared_ptr<grpc::ServerCredentials> credentials;
    // Borrowed until Shutdown() is done. Served beside health and reflection; null: health alone,
    // and all else is UNIMPLEMENTED.
    grpc::Service* service = nullptr;

    int64_t max_connections = 1;  // At a time.
    // Of one connection.
    int64_t max_message_bytes = 0;  // Of one message that a client sends.
    int64_t max_calls = 1;          // At a time.
    int64_t max_metadata_bytes = 0;
    // Shortest time between a client's pings; at the third that comes sooner it is cut off.
    absl::Duration min_ping_interval;
    // A client that has been silent for so long is asked whether it is there, and its connection
    // closed where it does not answer within as long again, or 20 s where that is shorter.
    absl::Duration keepalive_interval;
    // Then a client is asked to connect again; calls in progress run to their end. 0: never.
    absl::Duration max_connection_age = absl::ZeroDuration();
  };

  // Listens, and takes no connection yet. Services are unknown to health until SetServing().
  //   FAILED_PRECONDITION  from ConnectionListener::Create().
  //   INTERNAL             gRPC starts no server.
  static absl::StatusOr<std::unique_ptr<GrpcPort>> Create(const Options& options);

  ~GrpcPort();  // As Shutdown(absl::ZeroDuration()).
  GrpcPort(const GrpcPort&) = delete;
  GrpcPort& operator=(const GrpcPort&) = delete;

  // HOST:PORT, with the port that was bound.
  const std::string& address() const { return address_; }

  // What health says of `service` from now on, to those who watch it, too.
  void SetServing(const std::string& service, bool serving);

  // Begins to take connections. Once.
  void Start();

  // Closes the port. Calls that have not ended `flush_timeout` later are cancelled. Later calls do
  // nothing.
  void Shutdown(absl::Duration flush_timeout);

 private:
  GrpcPort() = default;

  std::unique_ptr<grpc::CallbackGenericService> nothing_else_;  // Null where there is a service.
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;  // Null after Shutdown().
  std::unique_ptr<ConnectionListener> listener_;
  std::string address_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_GRPC_PORT_H_
