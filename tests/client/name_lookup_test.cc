#include "client/name_lookup.h"

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(NameLookupTest, OnlyADnsTargetWithoutAServerOfItsOwnNamesServers) {
  EXPECT_TRUE(IsNameOfServers("dns:///assay:50051"));
  for (const char* other : {"assay:50051", "dns:assay:50051", "dns://8.8.8.8/assay:50051",
                            "ipv4:10.0.0.1:50051", "unix:///tmp/socket"}) {
    EXPECT_FALSE(IsNameOfServers(other)) << other;
  }
}

TEST(NameLookupTest, ANameIsAHostAndAPort) {
  ASSERT_OK_AND_ASSIGN(const ServerName name, SplitServerName("dns:///assay.ns.svc:50051"));
  EXPECT_EQ(name.host, "assay.ns.svc");
  EXPECT_EQ(name.port, "50051");
  EXPECT_EQ(name.authority(), "assay.ns.svc:50051");
  ASSERT_OK_AND_ASSIGN(const ServerName ipv6, SplitServerName("dns:///[fd00::1]:1"));
  EXPECT_EQ(ipv6.host, "fd00::1");
  EXPECT_EQ(ipv6.authority(), "[fd00::1]:1");
}

TEST(NameLookupTest, WhatIsNoHostAndPortIsRefused) {
  for (const char* bad :
       {"dns:///", "dns:///assay", "dns:///:50051", "dns:///assay:", "dns:///a:0", "dns:///a:65536",
        "dns:///a:http", "dns:///a:+1", "dns:///[::1:2", "dns:///a/b:1"}) {
    EXPECT_THAT(SplitServerName(bad),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(bad) + " is not dns:///NAME:PORT")));
  }
}

TEST(NameLookupTest, TheSystemsResolverIsAsked) {
  ASSERT_OK_AND_ASSIGN(const auto literal, LookUpName({"127.0.0.1", "50051"}));
  EXPECT_THAT(literal, ElementsAre("127.0.0.1:50051"));
  ASSERT_OK_AND_ASSIGN(const auto local, LookUpName({"localhost", "80"}));
  EXPECT_THAT(local, ElementsAre("127.0.0.1:80"));  // Not "[::1]:80" besides.
}

TEST(NameLookupTest, ANameWithoutAnAddressIsUnavailableByName) {
  EXPECT_THAT(
      LookUpName({"no..such", "80"}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no address was found for no..such: ")));
}

}  // namespace
}  // namespace assay::client
