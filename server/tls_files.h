// server/tls_files.h
// Certificates and keys as PEM files, judged before a connection fails on them. Pure but for the
// reading.
#ifndef ASSAY_SERVER_TLS_FILES_H_
#define ASSAY_SERVER_TLS_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay {

struct TlsFiles {
  std::string certificate;     // The server's, first of its chain.
  std::string key;             // Its private key, not encrypted.
  std::string client_ca = {};  // Authorities of clients' certificates; empty: clients show none.
};

// The time until which the server's certificate is good, after `now`. Each error is one sentence
// that names option and file:
//   NOT_FOUND         a file that cannot be read.
//   INVALID_ARGUMENT  one that is not PEM, a key that is encrypted or another certificate's, a
//                     certificate that has expired or is not good yet at `now`.
absl::StatusOr<absl::Time> CheckTlsFiles(const TlsFiles& files, absl::Time now);

}  // namespace assay

#endif  // ASSAY_SERVER_TLS_FILES_H_
