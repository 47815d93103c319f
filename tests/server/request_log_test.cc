#include "server/request_log.h"

#include <vector>

#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StatusIs;

RequestRecord RecordOf(absl::StatusCode code) {
  return {.method = "Score",
          .tenant = "team-a",
          .code = code,
          .total = absl::Microseconds(12345),
          .stages = {.wait_encode = absl::Microseconds(100),
                     .encode = absl::Microseconds(200),
                     .queue = absl::Milliseconds(3),
                     .forward = absl::Milliseconds(9)}};
}

CallContext ContextOf(const std::string& request_id) {
  CallContext context;
  context.request_id = request_id;
  return context;
}

TEST(RequestLogTest, ALineHasWhoHowAndWhereTheTimeWent) {
  CallContext context = ContextOf("job-7/3");
  context.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  context.span_id = "00f067aa0ba902b7";
  EXPECT_EQ(RequestLine(RecordOf(absl::StatusCode::kOk), context, 2),
            "request request_id=job-7/3 trace_id=4bf92f3577b34da6a3ce929d0e0e4736 "
            "span_id=00f067aa0ba902b7 tenant=team-a method=Score code=OK responses=2 "
            "total_ms=12.345 wait_encode_ms=0.100 encode_ms=0.200 queue_ms=3.000 "
            "forward_ms=9.000");
}

TEST(RequestLogTest, NoTraceNoKeys) {
  EXPECT_THAT(RequestLine(RecordOf(absl::StatusCode::kOk), ContextOf("x"), 1),
              AllOf(Not(HasSubstr("trace_id")), Not(HasSubstr("span_id"))));
}

TEST(RequestLogTest, AnIdCannotForgeAKeyOrALine) {
  const std::string line =
      RequestLine(RecordOf(absl::StatusCode::kOk), ContextOf("a\" code=OK\nrequest b=\xff"), 1);
  EXPECT_THAT(line, HasSubstr(R"(request_id="a\" code=OK\nrequest b=\xff")"));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_THAT(RequestLine(RecordOf(absl::StatusCode::kOk), ContextOf(""), 1),
              HasSubstr("request_id=\"\" "));
}

TEST(RequestLogTest, OtherWordsThanItsThreeAreRefused) {
  EXPECT_EQ(*ParseRequestLogging("none"), RequestLogging::kNone);
  EXPECT_EQ(*ParseRequestLogging("failed"), RequestLogging::kFailed);
  EXPECT_EQ(*ParseRequestLogging("all"), RequestLogging::kAll);
  EXPECT_THAT(ParseRequestLogging("some"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("some")));
}

class WritingTest : public ::testing::Test {
 protected:
  std::unique_ptr<RequestLog> LogOf(RequestLogging wanted) {
    return std::make_unique<RequestLog>(
        wanted, &clock_, [this](spdlog::level::level_enum level, const std::string& line) {
          levels_.push_back(level);
          lines_.push_back(line);
        });
  }
  // How many of these codes are written.
  size_t Written(RequestLogging wanted, const std::vector<absl::StatusCode>& codes) {
    lines_.clear();
    const auto log = LogOf(wanted);
    for (absl::StatusCode code : codes) log->Write(RecordOf(code), ContextOf("x"), 1);
    return lines_.size();
  }

  FakeClock clock_;
  std::vector<spdlog::level::level_enum> levels_;
  std::vector<std::string> lines_;
};

const std::vector<absl::StatusCode> kServers = {
    absl::StatusCode::kInternal,          absl::StatusCode::kUnavailable,
    absl::StatusCode::kResourceExhausted, absl::StatusCode::kDeadlineExceeded,
    absl::StatusCode::kUnauthenticated,   absl::StatusCode::kPermissionDenied};
const std::vector<absl::StatusCode> kOthers = {
    absl::StatusCode::kOk, absl::StatusCode::kInvalidArgument,
    absl::StatusCode::kFailedPrecondition, absl::StatusCode::kCancelled};

TEST_F(WritingTest, FailedMeansTheServersFaultsAndRefusals) {
  EXPECT_EQ(Written(RequestLogging::kFailed, kServers), kServers.size());
  EXPECT_EQ(Written(RequestLogging::kFailed, kOthers), 0);
  EXPECT_EQ(Written(RequestLogging::kAll, kServers), kServers.size());
  EXPECT_EQ(Written(RequestLogging::kAll, kOthers), kOthers.size());
  EXPECT_EQ(Written(RequestLogging::kNone, kServers), 0);
}

TEST_F(WritingTest, WhatTheServerDidWrongIsAWarning) {
  const auto log = LogOf(RequestLogging::kAll);
  log->Write(RecordOf(absl::StatusCode::kOk), ContextOf("x"), 1);
  log->Write(RecordOf(absl::StatusCode::kInternal), ContextOf("x"), 1);
  EXPECT_EQ(levels_[0], spdlog::level::info);
  EXPECT_EQ(levels_[1], spdlog::level::warn);
}

TEST_F(WritingTest, AFloodOfFailuresIsTenLinesASecondAndACount) {
  const auto log = LogOf(RequestLogging::kFailed);
  const auto fail = [&] {
    log->Write(RecordOf(absl::StatusCode::kUnavailable), ContextOf("x"), 1);
  };
  for (int i = 0; i < 25; ++i) fail();
  EXPECT_THAT(lines_, SizeIs(RequestLog::kLinesPerSecond));
  clock_.Advance(absl::Milliseconds(999));
  fail();
  EXPECT_THAT(lines_, SizeIs(RequestLog::kLinesPerSecond));
  clock_.Advance(absl::Milliseconds(1));
  fail();
  fail();
  ASSERT_THAT(lines_, SizeIs(RequestLog::kLinesPerSecond + 2));
  EXPECT_THAT(lines_[RequestLog::kLinesPerSecond], EndsWith(" left_out=16"));
  EXPECT_THAT(lines_.back(), Not(HasSubstr("left_out")));
}

TEST_F(WritingTest, AllMeansAll) {
  EXPECT_EQ(Written(RequestLogging::kAll,
                    std::vector<absl::StatusCode>(100, absl::StatusCode::kUnavailable)),
            100);
}

}  // namespace
}  // namespace assay
