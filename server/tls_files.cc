#include "server/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

// OpenSSL would ask at the terminal for the password of an encrypted key.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) { return -1; }

// One of the files: the option that names it, and where it is.
struct Source {
  const char* option;
  const std::string& path;

  absl::Status Error(absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(option, ": ", path, " ", why));
  }

  absl::StatusOr<std::string> Read() const {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();  // Nothing from a folder, which opens like a file.
    std::string bytes = text.str();
    if (bytes.empty()) {
      return absl::NotFoundError(absl::StrCat(option, ": ", path,
                                              " cannot be read or is empty: name a PEM file that "
                                              "this process may read"));
    }
    return bytes;
  }

  // The first certificate in the file.
  absl::StatusOr<Certificate> ReadCertificate() const {
    ASSAY_ASSIGN_OR_RETURN(const std::string bytes, Read());
    const Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr));
    ERR_clear_error();
    if (certificate == nullptr) return Error("holds no certificate in PEM form");
    return certificate;
  }

  absl::StatusOr<Key> ReadKey() const {
    ASSAY_ASSIGN_OR_RETURN(const std::string bytes, Read());
    const Bio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
    ERR_clear_error();
    if (key == nullptr) {
      return Error("holds no private key in PEM form, or an encrypted one: give it decrypted");
    }
    return key;
  }
};

absl::StatusOr<absl::Time> TimeOf(const ASN1_TIME* time, const Source& source) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return source.Error("has a certificate without dates");
  return absl::FromTimeT(timegm(&parts));
}

std::string DateOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<absl::Time> CheckTlsFiles(const TlsFiles& files, absl::Time now) {
  const Source certificate_source = {"tls_certificate", files.certificate};
  const Source key_source = {"tls_key", files.key};
  ASSAY_ASSIGN_OR_RETURN(const Certificate certificate, certificate_source.ReadCertificate());
  ASSAY_ASSIGN_OR_RETURN(const Key key, key_source.ReadKey());
  const bool belongs = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!belongs) {
    return key_source.Error(
        absl::StrCat("is not the key of the certificate in ", files.certificate));
  }
  ASSAY_ASSIGN_OR_RETURN(const absl::Time from,
                         TimeOf(X509_get0_notBefore(certificate.get()), certificate_source));
  ASSAY_ASSIGN_OR_RETURN(const absl::Time until,
                         TimeOf(X509_get0_notAfter(certificate.get()), certificate_source));
  if (until <= now) {
    return certificate_source.Error(
        absl::StrCat("expired on ", DateOf(until), ": have a new certificate issued"));
  }
  if (now < from) {
    return certificate_source.Error(
        absl::StrCat("is not good before ", DateOf(from),
                     ": wait, or see whether this machine's clock is right"));
  }
  if (!files.client_ca.empty()) {
    const Source ca_source = {"tls_client_ca", files.client_ca};
    ASSAY_RETURN_IF_ERROR(ca_source.ReadCertificate().status());
  }
  return until;
}

}  // namespace assay
