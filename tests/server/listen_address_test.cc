#include "server/listen_address.h"

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::StatusIs;

TEST(ListenAddressTest, HostAndPortAreReadAndWrittenBack) {
  for (const char* text :
       {"127.0.0.1:50051", "localhost:0", "[::1]:65535", "0.0.0.0:1", "[::]:9"}) {
    ASSERT_OK_AND_ASSIGN(const ListenAddress address, ParseListenAddress(text));
    EXPECT_EQ(address.ToString(), text);
  }
}

TEST(ListenAddressTest, WhatIsNoAddressIsRefusedWithTheText) {
  for (const char* text :
       {"", "127.0.0.1", ":50051", "host:", "host:65536", "host:-1", "host:a", "::1:80", "[]:80"}) {
    EXPECT_THAT(ParseListenAddress(text),
                StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr(text)))
        << text;
  }
}

TEST(ListenAddressTest, OnlyThisMachinesOwnAddressesAreLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.3.2.1:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(ParseListenAddress(text)->IsLoopback()) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "host:1", "127.0.0.1.example.com:1",
                           "127.example.com:1", "127.0.0.256:1"}) {
    EXPECT_FALSE(ParseListenAddress(text)->IsLoopback()) << text;
  }
}

}  // namespace
}  // namespace assay
