#include "client/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_interceptor.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

namespace hooks = grpc::experimental;
using Metadata = std::vector<std::pair<std::string, std::string>>;

// Adds the same metadata to every call.
class AddMetadata : public hooks::Interceptor {
 public:
  explicit AddMetadata(const Metadata* metadata) : metadata_(metadata) {}

  void Intercept(hooks::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            hooks::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      auto* sent = methods->GetSendInitialMetadata();
      sent->insert(metadata_->begin(), metadata_->end());
    }
    methods->Proceed();
  }

 private:
  const Metadata* const metadata_;  // The factory's.
};

class AddMetadataFactory : public hooks::ClientInterceptorFactoryInterface {
 public:
  explicit AddMetadataFactory(Metadata metadata) : metadata_(std::move(metadata)) {}

  hooks::Interceptor* CreateClientInterceptor(hooks::ClientRpcInfo* /*info*/) override {
    return new AddMetadata(&metadata_);
  }

 private:
  const Metadata metadata_;
};

// gRPC opens a stream to the health service where a policy such as round_robin has this config.
constexpr char kAsksHealth[] =
    R"({"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}})";

int MillisecondsOf(absl::Duration duration) {
  return static_cast<int>(
      std::min<int64_t>(absl::ToInt64Milliseconds(duration), std::numeric_limits<int>::max()));
}

grpc::ChannelArguments Arguments(const ConnectionOptions& options, const ChannelRole& role) {
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(
      -1);  // The server's limits.* bound requests, and a reply follows its request's size.
  args.SetMaxSendMessageSize(-1);
  // A client's connections are its own: two clients are two connections.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetLoadBalancingPolicyName("round_robin");
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A server that restarts is found again within seconds; gRPC's own ceiling is two minutes.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, MillisecondsOf(options.keepalive_time));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, MillisecondsOf(options.keepalive_timeout));
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // As many as keepalive asks for.
  if (role.one_of_several) {
    args.SetServiceConfigJSON(kAsksHealth);
    args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    // How long a host that does not answer keeps its first calls; gRPC's own is 20 s. (The name is
    // that of the shortest backoff, whose time an attempt to connect has.)
    args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  }
  // The name that a certificate is for must be the one that calls are made to: gRPC compares them.
  if (!options.tls_server_name.empty()) {
    args.SetSslTargetNameOverride(options.tls_server_name);
  } else if (!role.authority.empty()) {
    args.SetString(GRPC_ARG_DEFAULT_AUTHORITY, role.authority);
  }
  return args;
}

// The PEM text that `field` names.
absl::StatusOr<std::string> ReadPem(const char* field, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat(field, ": ", path, " cannot be read"));
  }
  if (!absl::StrContains(text.str(), "-----BEGIN ")) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": ", path, " is no PEM file"));
  }
  return text.str();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ConnectionOptions& options) {
  if (options.tls_ca.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  if (options.tls_ca != "system") {
    ASSAY_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem("tls_ca", options.tls_ca));
  }
  if (!options.tls_certificate.empty()) {
    ASSAY_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadPem("tls_certificate", options.tls_certificate));
    ASSAY_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPem("tls_key", options.tls_key));
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           const ConnectionOptions& options,
                                                           const ChannelRole& role) {
  if (address.empty())
    return absl::InvalidArgumentError("the address is empty; expected HOST:PORT");
  ASSAY_RETURN_IF_ERROR(options.Validate(address));
  ASSAY_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> credentials,
                         Credentials(options));
  std::vector<std::unique_ptr<hooks::ClientInterceptorFactoryInterface>> interceptors;
  if (Metadata metadata = options.Metadata(); !metadata.empty()) {
    interceptors.push_back(std::make_unique<AddMetadataFactory>(std::move(metadata)));
  }
  return hooks::CreateCustomChannelWithInterceptors(address, credentials, Arguments(options, role),
                                                    std::move(interceptors));
}

}  // namespace assay::client
