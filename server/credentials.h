// server/credentials.h
// How connections are secured: as gRPC's credentials. Which options go together, and what the files
// must hold, is ServerOptions::Validate()'s and CheckTlsFiles()'s business.
#ifndef ASSAY_SERVER_CREDENTIALS_H_
#define ASSAY_SERVER_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "server/options.h"

namespace assay {

// Plaintext without options.tls_certificate; with it TLS 1.2 or later; with options.tls_client_ca
// also a certificate of that authority from every client, else the handshake fails. The files are
// read again every options.reload_interval and serve the connections that begin after that; where
// certificate and key change, replace both within one interval. `options` are valid.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const ServerOptions& options);

}  // namespace assay

#endif  // ASSAY_SERVER_CREDENTIALS_H_
