// server/request_log.h
// One line a request, key=value, of what happened to it: who, how it ended, where the time went.
// Never a text of a user and never an error's message, which could quote one. Thread-safe.
#ifndef ASSAY_SERVER_REQUEST_LOG_H_
#define ASSAY_SERVER_REQUEST_LOG_H_

#include <spdlog/common.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/call_context.h"
#include "server/observer.h"

namespace assay {

// kFailed: what the server did wrong or refused, and not what was wrong with a request or given up
// by its caller.
enum class RequestLogging { kNone, kFailed, kAll };

// "none", "failed" or "all".
//   INVALID_ARGUMENT  another word.
absl::StatusOr<RequestLogging> ParseRequestLogging(absl::string_view text);

// "request request_id=... tenant=... method=Score code=OK responses=2 total_ms=1.234
// wait_encode_ms=... encode_ms=... queue_ms=... forward_ms=...", with trace_id= and span_id= where
// they came. A value with other characters than letters, digits and ._:/- is in quotes, escaped as
// in C.
std::string RequestLine(const RequestRecord& record, const CallContext& context, int64_t responses);

class RequestLog {
 public:
  using Sink = std::function<void(spdlog::level::level_enum, const std::string&)>;
  // With kFailed; those beyond are counted on the next line that is written: " left_out=N".
  static constexpr int kLinesPerSecond = 10;

  // To the process's log (logging.h). Borrows `clock`, which must outlive it.
  RequestLog(RequestLogging wanted, Clock* clock);
  // To `sink`, which is called by one thread at a time.
  RequestLog(RequestLogging wanted, Clock* clock, Sink sink);

  // At level warning where the request failed by the server's doing, else at info.
  void Write(const RequestRecord& record, const CallContext& context, int64_t responses)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const RequestLogging wanted_;
  Clock* const clock_;  // Borrowed.
  const Sink sink_;

  Mutex mu_;
  absl::Time second_began_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  int lines_in_second_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t left_out_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace assay

#endif  // ASSAY_SERVER_REQUEST_LOG_H_
