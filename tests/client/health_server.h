// tests/client/health_server.h
// A gRPC server that serves health, and nothing else that works.
#ifndef ASSAY_TESTS_CLIENT_HEALTH_SERVER_H_
#define ASSAY_TESTS_CLIENT_HEALTH_SERVER_H_

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "assay/v1/reward.grpc.pb.h"

namespace assay::testing {

class HealthServer {
 public:
  // Without `with_health` it knows no grpc.health.v1.
  explicit HealthServer(bool with_health = true,
                        const std::shared_ptr<grpc::ServerCredentials>& credentials =
                            grpc::InsecureServerCredentials()) {
    grpc::EnableDefaultHealthCheckService(with_health);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  void SetServing(const std::string& service, bool serving) {
    server_->GetHealthCheckService()->SetServingStatus(service, serving);
  }

 private:
  int port_ = 0;
  v1::RewardService::Service service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_HEALTH_SERVER_H_
