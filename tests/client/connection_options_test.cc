#include "client/connection_options.h"

#include "tests/client/temp_file.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::assay::testing::TempFile;
using ::assay::testing::TempPath;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ConnectionOptionsTest, NothingSaidIsPlaintextWithoutMetadata) {
  EXPECT_OK(ConnectionOptions().Validate("10.0.0.1:1"));
  EXPECT_THAT(ConnectionOptions().Metadata(), IsEmpty());
}

TEST(ConnectionOptionsTest, WhoAsksTravelsAsMetadata) {
  const ConnectionOptions options = {
      .token = "t0ken", .tenant = "red", .priority = Priority::kBulk};
  EXPECT_THAT(options.Metadata(),
              ElementsAre(Pair("authorization", "Bearer t0ken"), Pair("assay-tenant", "red"),
                          Pair("assay-priority", "bulk")));
}

TEST(ConnectionOptionsTest, OptionsThatNeedEachOtherAreNamed) {
  EXPECT_THAT((ConnectionOptions{.tls_ca = "system", .tls_certificate = "c"}.Validate("h:1")),
              StatusIs(kInvalid, HasSubstr("without tls_key")));
  EXPECT_THAT((ConnectionOptions{.tls_ca = "system", .tls_key = "k"}.Validate("h:1")),
              StatusIs(kInvalid, HasSubstr("without tls_certificate")));
  EXPECT_THAT((ConnectionOptions{.tls_certificate = "c", .tls_key = "k"}.Validate("h:1")),
              StatusIs(kInvalid, HasSubstr("tls_certificate is set without tls_ca")));
  EXPECT_THAT((ConnectionOptions{.tls_server_name = "n"}.Validate("h:1")),
              StatusIs(kInvalid, HasSubstr("tls_server_name is set without tls_ca")));
}

TEST(ConnectionOptionsTest, ATokenDoesNotTravelInTheClearBeyondThisMachineUnlessToldTo) {
  ConnectionOptions options = {.token = "needle"};
  EXPECT_OK(options.Validate("127.0.0.1:50051"));
  EXPECT_THAT(
      options.Validate("scores.example.com:50051"),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("tls_ca"), HasSubstr("--insecure"), Not(HasSubstr("needle")))));
  options.insecure = true;
  EXPECT_OK(options.Validate("scores.example.com:50051"));
  EXPECT_OK((ConnectionOptions{.tls_ca = "system", .token = "t"}.Validate("10.0.0.1:1")));
}

TEST(ConnectionOptionsTest, WhatCannotStandInAHeaderIsRefusedAndNotRepeated) {
  for (const char* bad : {"needle needle", "needle\n", "needle\x80"}) {
    EXPECT_THAT((ConnectionOptions{.token = bad}.Validate("localhost:1")),
                StatusIs(kInvalid, AllOf(HasSubstr("token"), Not(HasSubstr("needle")))));
    EXPECT_THAT((ConnectionOptions{.tenant = bad}.Validate("localhost:1")),
                StatusIs(kInvalid, HasSubstr("tenant")));
  }
  EXPECT_THAT((ConnectionOptions{.tenant = std::string(65, 'x')}.Validate("localhost:1")),
              StatusIs(kInvalid, HasSubstr("tenant")));
}

TEST(ConnectionOptionsTest, KeepaliveOutOfItsRangeIsNamed) {
  EXPECT_OK((ConnectionOptions{.keepalive_time = absl::Seconds(5)}.Validate("h:1")));
  for (const absl::Duration time : {absl::Seconds(4), absl::InfiniteDuration()}) {
    EXPECT_THAT((ConnectionOptions{.keepalive_time = time}.Validate("h:1")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("keepalive_time is ")));
  }
  for (const absl::Duration time : {absl::ZeroDuration(), absl::InfiniteDuration()}) {
    EXPECT_THAT((ConnectionOptions{.keepalive_timeout = time}.Validate("h:1")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("keepalive_timeout is ")));
  }
}

TEST(ConnectionOptionsTest, OnlyTargetsOfThisMachineAreLoopback) {
  for (const char* target : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "localhost", "[::1]:1",
                             "dns:///localhost:1", "ipv4:127.0.0.1:1", "unix:/tmp/socket"}) {
    EXPECT_TRUE(IsLoopbackTarget(target)) << target;
  }
  for (const char* target :
       {"", "10.0.0.1:1", "localhost.example.com:1", "127.0.0.1.example.com:1", "dns:///host:1",
        "ipv4:127.0.0.1:1,10.0.0.1:1", "dns://8.8.8.8/localhost:1", "[::10]:1", "[::1]x:1"}) {
    EXPECT_FALSE(IsLoopbackTarget(target)) << target;
  }
}

TEST(ConnectionOptionsTest, AFileOfATokenHoldsOneLine) {
  EXPECT_EQ(*ReadTokenFile(TempFile("good.token", "t0ken\n")), "t0ken");
  EXPECT_THAT(ReadTokenFile(TempPath("missing.token")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("missing.token")));
  for (const char* bad : {"", " \n", "needle\nneedle\n", "needle needle"}) {
    EXPECT_THAT(ReadTokenFile(TempFile("bad.token", bad)),
                StatusIs(kInvalid, AllOf(HasSubstr("bad.token"), Not(HasSubstr("needle")))));
  }
}

}  // namespace
}  // namespace assay::client
