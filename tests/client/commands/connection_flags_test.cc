#include "client/commands/connection_flags.h"

#include <stdlib.h>

#include <CLI/CLI.hpp>

#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;

class ConnectionFlagsTest : public ::testing::Test {
 protected:
  ConnectionFlagsTest() { AddConnectionFlags(&app_, &flags_); }
  ~ConnectionFlagsTest() override {
    for (const char* name : {"ASSAY_TLS_CA", "ASSAY_TOKEN", "ASSAY_TOKEN_FILE", "ASSAY_TENANT"}) {
      unsetenv(name);
    }
  }

  CLI::App app_;
  ConnectionFlags flags_;
};

TEST_F(ConnectionFlagsTest, EveryFlagReachesItsField) {
  app_.parse(
      "--tls-ca a --tls-certificate b --tls-key c --tls-server-name d --tenant e "
      "--priority bulk --insecure --token-file " +
      TempFile("flags.token", "t0ken\n"));
  ASSERT_OK_AND_ASSIGN(const ConnectionOptions options, flags_.WithToken());
  EXPECT_EQ(options.tls_ca, "a");
  EXPECT_EQ(options.tls_certificate, "b");
  EXPECT_EQ(options.tls_key, "c");
  EXPECT_EQ(options.tls_server_name, "d");
  EXPECT_EQ(options.tenant, "e");
  EXPECT_EQ(options.priority, Priority::kBulk);
  EXPECT_TRUE(options.insecure);
  EXPECT_EQ(options.token, "t0ken");
}

TEST_F(ConnectionFlagsTest, TheEnvironmentGivesWhatNoFlagDoes) {
  setenv("ASSAY_TLS_CA", "a", 1);
  setenv("ASSAY_TENANT", "red", 1);
  setenv("ASSAY_TOKEN", "from-environment", 1);
  app_.parse("");
  EXPECT_EQ(flags_.options.tls_ca, "a");
  EXPECT_EQ(flags_.options.tenant, "red");
  EXPECT_EQ(flags_.WithToken()->token, "from-environment");
  flags_.token_file = TempFile("env.token", "from-file");
  EXPECT_EQ(flags_.WithToken()->token, "from-file");
}

TEST_F(ConnectionFlagsTest, AFileThatHoldsNoTokenIsAnErrorAndNotTheEnvironmentsTurn) {
  setenv("ASSAY_TOKEN", "from-environment", 1);
  flags_.token_file = "/nowhere/at/all";
  EXPECT_THAT(flags_.WithToken(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ConnectionFlagsTest, AnUnknownPriorityAndATokenAsAFlagAreBadUsage) {
  EXPECT_THROW(app_.parse("--priority urgent"), CLI::ParseError);
  EXPECT_THROW(app_.parse("--token t0ken"), CLI::ParseError);
}

}  // namespace
}  // namespace assay::client
