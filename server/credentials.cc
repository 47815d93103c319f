#include "server/credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/time/time.h"

namespace assay {

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return grpc::InsecureServerCredentials();
  namespace tls = grpc::experimental;
  tls::TlsServerCredentialsOptions credentials(
      std::make_shared<tls::FileWatcherCertificateProvider>(
          options.tls_key, options.tls_certificate, options.tls_client_ca,
          static_cast<unsigned>(absl::ToInt64Seconds(options.reload_interval))));
  credentials.watch_identity_key_cert_pairs();
  if (!options.tls_client_ca.empty()) {
    credentials.watch_root_certs();
    credentials.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls::TlsServerCredentials(credentials);
}

}  // namespace assay
