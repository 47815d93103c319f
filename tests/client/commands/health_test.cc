#include "client/commands/health.h"

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>

#include "tests/client/health_server.h"
#include "tests/client/idle_port.h"
#include "tests/client/temp_file.h"
#include "tests/testing/certificates.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::Certificates;
using ::assay::testing::HealthServer;
using ::assay::testing::ReadFile;
using ::assay::testing::RefusingPort;
using ::assay::testing::SilentPort;
using ::testing::HasSubstr;

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome RunWith(const HealthFlags& flags) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunHealth(flags, {.out = &out, .err = &err});
  return {code, out.str(), err.str()};
}

// Exit code `code` and one sentence with `part`.
void ExpectSentence(const HealthFlags& flags, int code, const std::string& part) {
  const Outcome outcome = RunWith(flags);
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr(part));
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
}

TEST(HealthCommandTest, AServerThatServesIsExitZero) {
  HealthServer server;
  server.SetServing("live", true);
  EXPECT_EQ(RunWith({.address = server.address()}).code, 0);
  const Outcome live = RunWith({.address = server.address(), .service = "live"});
  EXPECT_EQ(live.code, 0);
  EXPECT_EQ(live.out, "SERVING\n");
  EXPECT_EQ(live.err, "");
}

TEST(HealthCommandTest, AnythingElseIsExitOneAndOneSentence) {
  HealthServer server;
  server.SetServing("", false);
  ExpectSentence({.address = server.address()}, 1, "NOT_SERVING: it is stopping");
  server.SetServing("mine", false);
  ExpectSentence({.address = server.address(), .service = "mine"}, 1, "NOT_SERVING of \"mine\"");
  ExpectSentence({.address = server.address(), .service = "other"}, 1,
                 "knows no health service \"other\"");
  const RefusingPort gone;
  ExpectSentence({.address = gone.address(), .timeout = absl::Milliseconds(300)}, 1,
                 "no server answers at");
  const HealthServer without(/*with_health=*/false);
  ExpectSentence({.address = without.address()}, 1, "does not speak grpc.health.v1");
  const SilentPort silent;
  ExpectSentence({.address = silent.address(), .timeout = absl::Milliseconds(300)}, 1,
                 "did not answer within");
}

TEST(HealthCommandTest, WhatCannotBeMeantIsExitTwo) {
  ExpectSentence({.address = "a:1,b:2"}, 2, "give --address one HOST:PORT");
  ExpectSentence({.address = ""}, 2, "address");
  ExpectSentence({.connection = {.tls_certificate = "client.pem"}}, 2, "tls_");
}

TEST(HealthCommandTest, OverTlsTheAuthorityIsNamedAsForOtherCommands) {
  Certificates made;
  made.MakeAuthority("ca");
  made.Issue("ca", "server");
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs = {{ReadFile(made.Path("server.key")), ReadFile(made.Path("server.pem"))}};
  HealthServer server(/*with_health=*/true, grpc::SslServerCredentials(tls));
  EXPECT_EQ(
      RunWith({.address = server.address(), .connection = {.tls_ca = made.Path("ca.pem")}}).code,
      0);
  ExpectSentence({.address = server.address(), .timeout = absl::Milliseconds(500)}, 1, "--tls-ca");
}

TEST(HealthCommandTest, FlagsReachTheCommand) {
  CLI::App app;
  HealthFlags flags;
  AddHealthCommand(&app, &flags);
  app.parse("health --address h:2 --service live --timeout 0.5 --tls-ca ca.pem");
  EXPECT_EQ(flags.address, "h:2");
  EXPECT_EQ(flags.service, "live");
  EXPECT_EQ(flags.timeout, absl::Milliseconds(500));
  EXPECT_EQ(flags.connection.tls_ca, "ca.pem");
}

}  // namespace
}  // namespace assay::client
