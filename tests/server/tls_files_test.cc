#include "server/tls_files.h"

#include <cstdlib>

#include "absl/time/clock.h"
#include "tests/testing/certificates.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using testing::Certificates;
using ::testing::HasSubstr;
using testing::StatusIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() {
    made_.MakeAuthority("ca");
    made_.Issue("ca", "server", /*days=*/100);
    now_ = absl::Now();
  }

  TlsFiles Files() const {
    return {.certificate = made_.Path("server.pem"),
            .key = made_.Path("server.key"),
            .client_ca = made_.Path("ca.pem")};
  }

  Certificates made_;
  absl::Time now_;  // Just after the certificate was issued.
};

TEST_F(TlsFilesTest, GoodFilesAreGoodUntilTheCertificateEnds) {
  ASSERT_OK_AND_ASSIGN(const absl::Time until, CheckTlsFiles(Files(), now_));
  EXPECT_GT(until, now_ + absl::Hours(24 * 99));
  EXPECT_LT(until, now_ + absl::Hours(24 * 101));
}

TEST_F(TlsFilesTest, AnExpiredCertificateIsRefusedWithItsDate) {
  EXPECT_THAT(CheckTlsFiles(Files(), now_ + absl::Hours(24 * 101)),
              StatusIs(kInvalid, AllOf(HasSubstr("tls_certificate: "), HasSubstr("server.pem"),
                                       HasSubstr("expired on 2"))));
  EXPECT_THAT(CheckTlsFiles(Files(), now_ - absl::Hours(24)),
              StatusIs(kInvalid, HasSubstr("not good before 2")));
}

TEST_F(TlsFilesTest, AnotherCertificatesKeyIsRefused) {
  made_.Issue("ca", "other");
  TlsFiles files = Files();
  files.key = made_.Path("other.key");
  EXPECT_THAT(CheckTlsFiles(files, now_),
              StatusIs(kInvalid, AllOf(HasSubstr("tls_key: "), HasSubstr("other.key"),
                                       HasSubstr("not the key"), HasSubstr("server.pem"))));
}

TEST_F(TlsFilesTest, AFileThatIsMissingOrEmptyIsNamed) {
  for (const char* name : {"missing", "empty", "."}) {
    made_.Write("empty", "");
    for (std::string TlsFiles::*field :
         {&TlsFiles::certificate, &TlsFiles::key, &TlsFiles::client_ca}) {
      TlsFiles files = Files();
      files.*field = made_.Path(name);
      EXPECT_THAT(CheckTlsFiles(files, now_),
                  StatusIs(absl::StatusCode::kNotFound,
                           AllOf(HasSubstr("tls_"), HasSubstr(made_.Path(name)))));
    }
  }
}

TEST_F(TlsFilesTest, AFileThatHoldsSomethingElseIsNamed) {
  made_.Write("text", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
  TlsFiles files = Files();
  files.certificate = made_.Path("text");
  EXPECT_THAT(CheckTlsFiles(files, now_), StatusIs(kInvalid, HasSubstr("tls_certificate: ")));
  files = Files();
  files.certificate = made_.Path("server.key");
  EXPECT_THAT(CheckTlsFiles(files, now_), StatusIs(kInvalid, HasSubstr("no certificate")));
  files = Files();
  files.key = made_.Path("server.pem");
  EXPECT_THAT(CheckTlsFiles(files, now_), StatusIs(kInvalid, HasSubstr("no private key")));
  files = Files();
  files.client_ca = made_.Path("text");
  EXPECT_THAT(CheckTlsFiles(files, now_), StatusIs(kInvalid, HasSubstr("tls_client_ca: ")));
}

TEST_F(TlsFilesTest, AnEncryptedKeyIsRefusedWithoutAskingForItsPassword) {
  ASSERT_EQ(std::system(("openssl ec -aes256 -passout pass:x -in " + made_.Path("server.key") +
                         " -out " + made_.Path("locked.key") + " 2>/dev/null")
                            .c_str()),
            0);
  TlsFiles files = Files();
  files.key = made_.Path("locked.key");
  EXPECT_THAT(CheckTlsFiles(files, now_), StatusIs(kInvalid, HasSubstr("decrypted")));
}

}  // namespace
}  // namespace assay
