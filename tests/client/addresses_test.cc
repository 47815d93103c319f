#include "client/addresses.h"

#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AddressesTest, CommasPartServersAndKeepTheirOrder) {
  ASSERT_OK_AND_ASSIGN(const auto one, SplitAddresses("host:1"));
  EXPECT_THAT(one, ElementsAre("host:1"));
  ASSERT_OK_AND_ASSIGN(const auto three, SplitAddresses("b:2,a:1, dns:///c:3"));
  EXPECT_THAT(three, ElementsAre("b:2", "a:1", "dns:///c:3"));
}

TEST(AddressesTest, ATargetOfIpAddressesKeepsItsCommas) {
  ASSERT_OK_AND_ASSIGN(const auto one, SplitAddresses("ipv4:127.0.0.1:1,127.0.0.2:2"));
  EXPECT_THAT(one, ElementsAre("ipv4:127.0.0.1:1,127.0.0.2:2"));
  ASSERT_OK_AND_ASSIGN(const auto mixed, SplitAddresses("a:1,ipv6:[::1]:1,[::1]:2,dns:///c:3,d:4"));
  EXPECT_THAT(mixed, ElementsAre("a:1", "ipv6:[::1]:1,[::1]:2", "dns:///c:3", "d:4"));
}

TEST(AddressesTest, AnEmptyOneAndARepeatedOneAreRefused) {
  for (const char* text : {"", ",", "a:1,", ",a:1", "a:1,,b:2"}) {
    EXPECT_THAT(SplitAddresses(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")));
  }
  EXPECT_THAT(SplitAddresses("a:1,b:2,a:1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a:1 is there twice")));
}

}  // namespace
}  // namespace assay::client
