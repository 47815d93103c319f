#include "server/credentials.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <fstream>
#include <iterator>

#include "tests/testing/certificates.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::Ask;
using testing::Certificates;
using testing::RunningServer;
using testing::ScoreRequestOf;
using testing::StatusIs;
using testing::TestOptions;
using testing::Works;

constexpr absl::StatusCode kUnavailable = absl::StatusCode::kUnavailable;

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    made_.MakeAuthority("ca");
    made_.MakeAuthority("stranger");
    made_.Issue("ca", "server");
    options_.tls_certificate = made_.Path("server.pem");
    options_.tls_key = made_.Path("server.key");
  }

  std::string Read(const std::string& name) const {
    if (name.empty()) return "";
    std::ifstream file(made_.Path(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  // A channel that trusts `authority`, and shows `client`'s certificate where it is not empty.
  std::shared_ptr<grpc::Channel> Channel(RunningServer& running, const std::string& authority,
                                         const std::string& client = "") const {
    grpc::SslCredentialsOptions ssl;
    ssl.pem_root_certs = Read(authority + ".pem");
    if (!client.empty()) {
      ssl.pem_cert_chain = Read(client + ".pem");
      ssl.pem_private_key = Read(client + ".key");
    }
    return grpc::CreateChannel(running.server().address(), grpc::SslCredentials(ssl));
  }

  Certificates made_;
  ServerOptions options_ = TestOptions();
};

TEST_F(CredentialsTest, OverTlsAClientThatTrustsTheAuthorityIsServedAndNoOther) {
  RunningServer running(options_);
  EXPECT_TRUE(Works(Channel(running, "ca")));
  EXPECT_THAT(Ask(Channel(running, "stranger"), ScoreRequestOf("p", {"r"}), absl::Seconds(30)),
              StatusIs(kUnavailable));
  EXPECT_THAT(Ask(running.channel(), ScoreRequestOf("p", {"r"}), absl::Seconds(30)),
              StatusIs(kUnavailable));  // Plaintext.
}

TEST_F(CredentialsTest, OverMutualTlsAClientMustShowACertificateOfTheAuthority) {
  made_.Issue("ca", "client");
  made_.Issue("stranger", "foreign");
  options_.tls_client_ca = made_.Path("ca.pem");
  RunningServer running(options_);
  EXPECT_TRUE(Works(Channel(running, "ca", "client")));
  EXPECT_THAT(Ask(Channel(running, "ca"), ScoreRequestOf("p", {"r"}), absl::Seconds(30)),
              StatusIs(kUnavailable));
  EXPECT_THAT(Ask(Channel(running, "ca", "foreign"), ScoreRequestOf("p", {"r"}), absl::Seconds(30)),
              StatusIs(kUnavailable));
}

TEST_F(CredentialsTest, WithoutACertificateConnectionsArePlaintext) {
  RunningServer running(TestOptions());
  EXPECT_TRUE(Works(running.channel()));
}

}  // namespace
}  // namespace assay
