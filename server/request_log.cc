#include "server/request_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace assay {
namespace {

bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == ':' ||
         c == '/' || c == '-';
}

std::string Value(absl::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), IsPlain)) return std::string(text);
  return absl::StrCat("\"", absl::CHexEscape(text), "\"");
}

bool IsServersDoing(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return false;
    default:
      return true;
  }
}

}  // namespace

absl::StatusOr<RequestLogging> ParseRequestLogging(absl::string_view text) {
  if (text == "none") return RequestLogging::kNone;
  if (text == "failed") return RequestLogging::kFailed;
  if (text == "all") return RequestLogging::kAll;
  return absl::InvalidArgumentError(
      absl::StrCat("log_requests: \"", text, "\" is not none, failed or all"));
}

std::string RequestLine(const RequestRecord& record, const CallContext& context,
                        int64_t responses) {
  std::string line = absl::StrCat("request request_id=", Value(context.request_id));
  if (!context.trace_id.empty()) absl::StrAppend(&line, " trace_id=", Value(context.trace_id));
  if (!context.span_id.empty()) absl::StrAppend(&line, " span_id=", Value(context.span_id));
  absl::StrAppend(&line, " tenant=", Value(record.tenant), " method=", Value(record.method),
                  " code=", absl::StatusCodeToString(record.code), " responses=", responses);
  const auto add = [&line](const char* name, absl::Duration time) {
    absl::StrAppendFormat(&line, " %s_ms=%.3f", name, absl::ToDoubleMilliseconds(time));
  };
  add("total", record.total);
  add("wait_encode", record.stages.wait_encode);
  add("encode", record.stages.encode);
  add("queue", record.stages.queue);
  add("forward", record.stages.forward);
  return line;
}

RequestLog::RequestLog(RequestLogging wanted, Clock* clock)
    : RequestLog(wanted, clock, [](spdlog::level::level_enum level, const std::string& line) {
        spdlog::log(level, "{}", line);
      }) {}

RequestLog::RequestLog(RequestLogging wanted, Clock* clock, Sink sink)
    : wanted_(wanted), clock_(clock), sink_(std::move(sink)) {}

void RequestLog::Write(const RequestRecord& record, const CallContext& context, int64_t responses) {
  const bool servers_doing = IsServersDoing(record.code);
  if (wanted_ == RequestLogging::kNone) return;
  if (wanted_ == RequestLogging::kFailed && !servers_doing) return;
  const spdlog::level::level_enum level = servers_doing ? spdlog::level::warn : spdlog::level::info;
  std::string line = RequestLine(record, context, responses);

  MutexLock lock(&mu_);
  if (wanted_ == RequestLogging::kFailed) {
    const absl::Time now = clock_->Now();
    if (now - second_began_ >= absl::Seconds(1)) {
      second_began_ = now;
      lines_in_second_ = 0;
    }
    if (lines_in_second_ == kLinesPerSecond) {
      ++left_out_;
      return;
    }
    ++lines_in_second_;
    if (left_out_ > 0) absl::StrAppend(&line, " left_out=", std::exchange(left_out_, 0));
  }
  sink_(level, line);
}

}  // namespace assay
