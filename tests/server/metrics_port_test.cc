#include "server/metrics_port.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "tests/testing/http_get.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HttpGet;
using testing::HttpReply;
using testing::HttpSend;
using ::testing::Not;
using testing::StatusIs;

class MetricsPortTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(port_, MetricsPort::Create("127.0.0.1:0", Pages()));
  }
  MetricsPages Pages() {
    return {.metrics = [] { return "a_metric 1\n"; },
            .status_page = [] { return "<p>fine</p>"; },
            .health = [this] { return health_.load(); }};
  }
  const std::string& address() const { return port_->address(); }

  std::atomic<Health> health_{Health::kServing};
  std::unique_ptr<MetricsPort> port_;
};

TEST_F(MetricsPortTest, ItServesItsPagesWithTheirTypes) {
  const HttpReply metrics = HttpGet(address(), "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.body, "a_metric 1\n");
  EXPECT_THAT(metrics.head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  const HttpReply page = HttpGet(address(), "/statusz");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<p>fine</p>");
  EXPECT_THAT(page.head, HasSubstr("Content-Type: text/html; charset=utf-8"));
}

TEST_F(MetricsPortTest, HealthIsAStatusAndAWord) {
  EXPECT_EQ(HttpGet(address(), "/healthz").status, 200);
  EXPECT_EQ(HttpGet(address(), "/healthz").body, "serving\n");
  health_ = Health::kStopping;
  EXPECT_EQ(HttpGet(address(), "/healthz").status, 503);
  EXPECT_EQ(HttpGet(address(), "/healthz").body, "stopping\n");
}

TEST_F(MetricsPortTest, OtherPathsAndMethodsAreRefusedByName) {
  EXPECT_EQ(HttpGet(address(), "/").status, 404);
  EXPECT_EQ(HttpGet(address(), "/metrics/").status, 404);
  EXPECT_EQ(HttpGet(address(), "/../../etc/passwd").status, 404);
  EXPECT_EQ(HttpGet(address(), "/metrics?debug=1").status, 200);
  for (const char* method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS"}) {
    const HttpReply reply = HttpSend(address(), absl::StrCat(method,
                                                             " /metrics HTTP/1.1\r\nHost: test\r\n"
                                                             "Content-Length: 0\r\n\r\n"));
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_THAT(reply.head, HasSubstr("Allow: GET")) << method;
  }
}

TEST_F(MetricsPortTest, NoPageMayRunOrLoadAnything) {
  EXPECT_THAT(HttpGet(address(), "/statusz").head,
              AllOf(HasSubstr("Content-Security-Policy: default-src 'none'"),
                    HasSubstr("X-Content-Type-Options: nosniff"), Not(HasSubstr("script-src"))));
}

TEST_F(MetricsPortTest, WhatIsNotHttpIsNoHarm) {
  HttpSend(address(), "\x16\x03\x01 not http\r\n\r\n");
  HttpSend(address(), absl::StrCat("GET /", std::string(20000, 'a'), " HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(HttpGet(address(), "/metrics").status, 200);
}

TEST_F(MetricsPortTest, AnAddressInUseIsAClearError) {
  EXPECT_THAT(MetricsPort::Create(address(), Pages()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(address()), HasSubstr("metrics_listen"))));
  EXPECT_THAT(MetricsPort::Create("nowhere", Pages()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(MetricsPortTest, OnceDestroyedItListensNoMore) {
  const std::string was = address();
  port_.reset();
  EXPECT_EQ(HttpGet(was, "/metrics").status, 0);
}

TEST_F(MetricsPortTest, LocalhostIsLoopback) {
  ASSERT_OK_AND_ASSIGN(const auto port, MetricsPort::Create("localhost:0", Pages()));
  EXPECT_THAT(port->address(), ::testing::StartsWith("localhost:"));
  EXPECT_EQ(HttpGet(absl::StrCat("127.0.0.1:", port->address().substr(10)), "/metrics").status,
            200);
}

}  // namespace
}  // namespace assay
