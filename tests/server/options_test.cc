#include "server/options.h"

#include <functional>
#include <string>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

absl::Status ValidateWith(const std::function<void(ServerOptions&)>& change) {
  ServerOptions options;
  change(options);
  return options.Validate();
}

TEST(ServerOptionsTest, TheDefaultsAreValid) { EXPECT_OK(ServerOptions().Validate()); }

TEST(ServerOptionsTest, AValueOutOfRangeIsRefusedWithFieldAndValueAndRange) {
  struct Case {
    const char* field;
    int64_t ServerOptions::*member;
    int64_t bad;
    const char* range;
  };
  for (const Case& c :
       {Case{"encoder_threads", &ServerOptions::encoder_threads, 0, "1..256"},
        Case{"encoder_threads", &ServerOptions::encoder_threads, 257, "1..256"},
        Case{"max_batch_tokens", &ServerOptions::max_batch_tokens, -1, "0..16777216"},
        Case{"max_queued_tokens", &ServerOptions::max_queued_tokens, -5, "1.."},
        Case{"max_responses", &ServerOptions::max_responses, 0, "1..65536"},
        Case{"max_messages", &ServerOptions::max_messages, 65537, "1..65536"},
        Case{"max_text_bytes", &ServerOptions::max_text_bytes, 0, "1.."},
        Case{"max_request_bytes", &ServerOptions::max_request_bytes, 1023, "1024.."},
        Case{"max_request_bytes", &ServerOptions::max_request_bytes, (int64_t{1} << 30) + 1,
             "1024..1073741824"},
        Case{"max_waiting_bytes", &ServerOptions::max_waiting_bytes, 0, "1.."},
        Case{"max_in_flight_per_stream", &ServerOptions::max_in_flight_per_stream, 0,
             "1..65536"}}) {
    EXPECT_THAT(
        ValidateWith([&](ServerOptions& options) { options.*c.member = c.bad; }),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 AllOf(HasSubstr(c.field), HasSubstr(std::to_string(c.bad)), HasSubstr(c.range))));
  }
}

TEST(ServerOptionsTest, TwoFieldsThatContradictEachOtherAreBothNamed) {
  EXPECT_THAT(
      ValidateWith([](ServerOptions& options) {
        options.max_batch_tokens = 16384;
        options.max_queued_tokens = 100;
      }),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("max_batch_tokens (16384)"), HasSubstr("max_queued_tokens (100)"))));
  EXPECT_THAT(ValidateWith([](ServerOptions& options) { options.max_request_bytes = 2048; }),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("max_text_bytes"), HasSubstr("max_request_bytes (2048)"))));
  EXPECT_THAT(
      ValidateWith([](ServerOptions& options) { options.max_waiting_bytes = 2048; }),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("max_request_bytes"), HasSubstr("max_waiting_bytes (2048)"))));
}

TEST(ServerOptionsTest, MetricsNeedAnAddressOfTheirOwn) {
  EXPECT_THAT(
      ValidateWith([](ServerOptions& options) { options.metrics_listen = "127.0.0.1:50051"; }),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("metrics_listen contradicts listen")));
  EXPECT_OK(ValidateWith(
      [](ServerOptions& options) { options.listen = options.metrics_listen = "127.0.0.1:0"; }));
  EXPECT_THAT(ValidateWith([](ServerOptions& options) { options.insecure_metrics = true; }),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("insecure_metrics is set without metrics_listen")));
}

TEST(ServerOptionsTest, HealthNeedsAnAddressOfItsOwnAndNoTls) {
  EXPECT_THAT(
      ValidateWith([](ServerOptions& options) { options.health_listen = "127.0.0.1:50051"; }),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("health_listen contradicts listen")));
  EXPECT_THAT(
      ValidateWith([](ServerOptions& options) {
        options.health_listen = options.metrics_listen = "127.0.0.1:9464";
      }),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("health_listen contradicts metrics_listen: both are 127.0.0.1:9464")));
  EXPECT_THAT(
      ValidateWith([](ServerOptions& options) { options.health_listen = "nowhere"; }),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("health_listen: \"nowhere\"")));
  EXPECT_OK(ValidateWith([](ServerOptions& options) { options.health_listen = "0.0.0.0:50052"; }));
}

TEST(ServerOptionsTest, ByDefaultClientsMayPingEveryFiveSecondsAndAVanishedOneIsDroppedInAMinute) {
  const ServerOptions options;
  EXPECT_LT(options.min_ping_interval, absl::Seconds(5));
  EXPECT_LE(options.keepalive_interval + absl::Seconds(20), absl::Minutes(1));
}

TEST(ServerOptionsTest, ABatchThatIsNotSetIsSizedForTheDevicesAndFitsTheQueue) {
  EXPECT_EQ(WithDeviceDefaults({}, {"cpu"}).max_batch_tokens, 4096);
  EXPECT_EQ(WithDeviceDefaults({}, {"cpu", "cpu"}).max_batch_tokens, 4096);
  EXPECT_EQ(WithDeviceDefaults({}, {"cuda:0", "cpu"}).max_batch_tokens, 16384);
  ServerOptions options;
  options.max_queued_tokens = 1000;
  EXPECT_EQ(WithDeviceDefaults(options, {"cpu"}).max_batch_tokens, 1000);
  options.max_batch_tokens = 7;
  EXPECT_EQ(WithDeviceDefaults(options, {"cuda:0"}).max_batch_tokens, 7);
}

TEST(ServerOptionsTest, ListeningBeyondLoopbackNeedsInsecureAndTheErrorSaysWhy) {
  const auto listen_everywhere = [](ServerOptions& options) { options.listen = "0.0.0.0:50051"; };
  EXPECT_THAT(ValidateWith(listen_everywhere),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("0.0.0.0:50051"), HasSubstr("tls_certificate"),
                             HasSubstr("--insecure"))));
  EXPECT_OK(ValidateWith([&](ServerOptions& options) {
    listen_everywhere(options);
    options.insecure = true;
  }));
}

TEST(ServerOptionsTest, OddTextsAndTimesAreRefusedByName) {
  EXPECT_THAT(ValidateWith([](ServerOptions& options) { options.listen = "nowhere"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("listen")));
  EXPECT_THAT(ValidateWith([](ServerOptions& options) { options.log_level = "loud"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("log_level")));
  for (absl::Duration bad : {-absl::Seconds(1), absl::Hours(2)}) {
    EXPECT_THAT(ValidateWith([&](ServerOptions& options) { options.drain_timeout = bad; }),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("drain_timeout")));
  }
}

}  // namespace
}  // namespace assay
