#include "tests/testing/certificates.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace assay::testing {
namespace {

// Whether openssl believes `authority` of `name`.
bool Verifies(const Certificates& made, const std::string& authority, const std::string& name) {
  return std::system(("openssl verify -CAfile " + made.Path(authority) + " " + made.Path(name) +
                      " >/dev/null 2>&1")
                         .c_str()) == 0;
}

TEST(CertificatesTest, AnIssuedCertificateIsItsAuthoritysAndNoOthers) {
  Certificates made;
  made.MakeAuthority("one");
  made.MakeAuthority("other");
  made.Issue("one", "server");
  EXPECT_TRUE(Verifies(made, "one.pem", "server.pem"));
  EXPECT_FALSE(Verifies(made, "other.pem", "server.pem"));
}

TEST(CertificatesTest, TheFolderGoesWithIt) {
  std::string path;
  {
    Certificates made;
    made.Write("x", "bytes");
    path = made.Path("x");
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace assay::testing
