#include "tests/testing/certificates.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace assay::testing {

Certificates::Certificates() : folder_(::testing::TempDir() + "/assay_certificates_XXXXXX") {
  if (mkdtemp(folder_.data()) == nullptr) std::abort();
}

Certificates::~Certificates() { std::filesystem::remove_all(folder_); }

std::string Certificates::Path(const std::string& name) const {
  return absl::StrCat(folder_, "/", name);
}

void Certificates::Write(const std::string& name, const std::string& bytes) const {
  std::ofstream(Path(name), std::ios::binary) << bytes;
}

void Certificates::MakeAuthority(const std::string& name) const {
  Run(absl::StrCat(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 100 -subj /CN=", name,
      " -keyout ", name, ".key -out ", name, ".pem"));
}

void Certificates::Issue(const std::string& authority, const std::string& name, int days) const {
  Write("extensions.cnf", "subjectAltName = DNS:localhost, IP:127.0.0.1\n");
  Run(absl::StrCat("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=", name,
                   " -keyout ", name, ".key -out ", name, ".csr"));
  Run(absl::StrCat("x509 -req -in ", name, ".csr -CA ", authority, ".pem -CAkey ", authority,
                   ".key -CAcreateserial -extfile extensions.cnf -days ", days, " -out ", name,
                   ".pem"));
}

void Certificates::Run(const std::string& arguments) const {
  const std::string command =
      absl::StrCat("cd ", folder_, " && openssl ", arguments, " >openssl.log 2>&1");
  if (std::system(command.c_str()) == 0) return;
  std::fprintf(stderr, "failed: %s\n", command.c_str());
  std::abort();
}

}  // namespace assay::testing
