#include "client/channel.h"

#include <grpcpp/client_context.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/grpc_status.h"
#include "base/mutex.h"
#include "tests/client/temp_file.h"
#include "tests/testing/certificates.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::Certificates;
using ::assay::testing::IsOk;
using ::assay::testing::ReadFile;
using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

// Remembers the metadata of the last call.
class Listening : public v1::RewardService::Service {
 public:
  explicit Listening(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  // What the last call was made to.
  std::string authority() {
    MutexLock lock(&mu_);
    return authority_;
  }

  // The value of `name` in the last call; "" without one, "twice" with more.
  std::string Heard(const std::string& name) {
    MutexLock lock(&mu_);
    return heard_.count(name) > 1    ? "twice"
           : heard_.count(name) == 0 ? ""
                                     : heard_.find(name)->second;
  }

 private:
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* /*request*/,
                        v1::ModelInfo* /*response*/) override {
    Remember(*context);
    return grpc::Status::OK;
  }
  grpc::Status ScoreStream(grpc::ServerContext* context,
                           grpc::ServerReaderWriter<v1::ScoreStreamResponse,
                                                    v1::ScoreStreamRequest>* /*stream*/) override {
    Remember(*context);
    return grpc::Status::OK;
  }
  void Remember(const grpc::ServerContext& context) {
    MutexLock lock(&mu_);
    const grpc::string_ref authority = context.ExperimentalGetAuthority();
    authority_.assign(authority.data(), authority.size());
    heard_.clear();
    for (const auto& [name, value] : context.client_metadata()) {
      heard_.emplace(std::string(name.data(), name.size()),
                     std::string(value.data(), value.size()));
    }
  }

  int port_ = 0;
  Mutex mu_;
  std::string authority_ ABSL_GUARDED_BY(mu_);
  std::multimap<std::string, std::string> heard_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Server> server_;
};

absl::Status CallOnce(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::ModelInfo info;
  return FromGrpcStatus(v1::RewardService::NewStub(channel)->GetModel(&context, {}, &info));
}

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    made_.MakeAuthority("ca");
    made_.Issue("ca", "server");
    made_.Issue("ca", "client");
  }

  std::shared_ptr<grpc::ServerCredentials> Tls(grpc_ssl_client_certificate_request_type clients) {
    grpc::SslServerCredentialsOptions ssl(clients);
    ssl.pem_root_certs = ReadFile(made_.Path("ca.pem"));
    ssl.pem_key_cert_pairs.push_back(
        {ReadFile(made_.Path("server.key")), ReadFile(made_.Path("server.pem"))});
    return grpc::SslServerCredentials(ssl);
  }

  Certificates made_;
};

TEST_F(ChannelTest, EveryCallSaysOnceWhoAsks) {
  Listening server(grpc::InsecureServerCredentials());
  ASSERT_OK_AND_ASSIGN(
      const auto channel,
      MakeChannel(server.address(),
                  {.token = "t0ken", .tenant = "red", .priority = Priority::kBulk}));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(CallOnce(channel));
    EXPECT_EQ(server.Heard("authorization"), "Bearer t0ken");
    EXPECT_EQ(server.Heard("assay-tenant"), "red");
    EXPECT_EQ(server.Heard("assay-priority"), "bulk");
  }
}

TEST_F(ChannelTest, StreamsSayItToo) {
  Listening server(grpc::InsecureServerCredentials());
  ASSERT_OK_AND_ASSIGN(const auto channel, MakeChannel(server.address(), {.token = "t0ken"}));
  const auto stub = v1::RewardService::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->ScoreStream(&context);
  stream->WritesDone();
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(server.Heard("authorization"), "Bearer t0ken");
  EXPECT_EQ(server.Heard("assay-tenant"), "");
}

TEST_F(ChannelTest, OverTlsTheServerMustBeOfTheAuthorityAndOfTheName) {
  Listening server(Tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE));
  ASSERT_OK_AND_ASSIGN(auto channel,
                       MakeChannel(server.address(), {.tls_ca = made_.Path("ca.pem")}));
  EXPECT_OK(CallOnce(channel));
  ASSERT_OK_AND_ASSIGN(channel, MakeChannel(server.address(), {.tls_ca = made_.Path("ca.pem"),
                                                               .tls_server_name = "localhost"}));
  EXPECT_OK(CallOnce(channel));
  ASSERT_OK_AND_ASSIGN(channel, MakeChannel(server.address(), {.tls_ca = made_.Path("ca.pem"),
                                                               .tls_server_name = "example.com"}));
  EXPECT_THAT(CallOnce(channel), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Peer name")));
  ASSERT_OK_AND_ASSIGN(channel, MakeChannel(server.address(), {.tls_ca = "system"}));
  EXPECT_THAT(CallOnce(channel), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ChannelTest, AnAddressOfANameIsCalledByTheNameAndMustShowItsCertificate) {
  Listening server(Tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE));
  const std::string address = "ipv4:" + server.address();
  ConnectionOptions options = {.tls_ca = made_.Path("ca.pem")};
  ASSERT_OK_AND_ASSIGN(
      auto channel,
      MakeChannel(address, options, {.one_of_several = true, .authority = "localhost:50051"}));
  EXPECT_OK(CallOnce(channel));
  EXPECT_EQ(server.authority(), "localhost:50051");
  const ChannelRole other = {.one_of_several = true, .authority = "example.com:50051"};
  ASSERT_OK_AND_ASSIGN(channel, MakeChannel(address, options, other));
  EXPECT_THAT(CallOnce(channel), StatusIs(absl::StatusCode::kUnavailable));
  options.tls_server_name = "localhost";
  ASSERT_OK_AND_ASSIGN(channel, MakeChannel(address, options, other));
  EXPECT_OK(CallOnce(channel));
  EXPECT_EQ(server.authority(), "localhost");
}

TEST_F(ChannelTest, OneOfSeveralThatHasNoHealthServiceTakesCalls) {
  Listening server(grpc::InsecureServerCredentials());
  ASSERT_OK_AND_ASSIGN(const auto channel,
                       MakeChannel(server.address(), {}, {.one_of_several = true}));
  EXPECT_OK(CallOnce(channel));
}

TEST_F(ChannelTest, ItsOwnCertificateIsShownToAServerThatAsks) {
  Listening server(Tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY));
  ASSERT_OK_AND_ASSIGN(auto channel,
                       MakeChannel(server.address(), {.tls_ca = made_.Path("ca.pem"),
                                                      .tls_certificate = made_.Path("client.pem"),
                                                      .tls_key = made_.Path("client.key")}));
  EXPECT_OK(CallOnce(channel));
  ASSERT_OK_AND_ASSIGN(channel, MakeChannel(server.address(), {.tls_ca = made_.Path("ca.pem")}));
  EXPECT_THAT(CallOnce(channel), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ChannelTest, AFileThatIsMissingOrNoPemIsNamed) {
  EXPECT_THAT(MakeChannel("localhost:1", {.tls_ca = made_.Path("missing")}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("tls_ca: ")));
  made_.Write("text", "no PEM");
  EXPECT_THAT(MakeChannel("localhost:1", {.tls_ca = made_.Path("ca.pem"),
                                          .tls_certificate = made_.Path("client.pem"),
                                          .tls_key = made_.Path("text")}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tls_key: ")));
  EXPECT_THAT(MakeChannel("", {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MakeChannel("host:1", {.token = "t"}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace assay::client
