// server/observer.h
// What the server tells about itself while it works, for whoever counts it. The rooms that work
// know this interface alone, and neither metrics library nor log format.
#ifndef ASSAY_SERVER_OBSERVER_H_
#define ASSAY_SERVER_OBSERVER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/refusal.h"
#include "server/scored_request.h"

namespace assay {

// Where a request was when its deadline passed.
enum class DeadlineStage {
  kArrival,  // Before or while it was encoded.
  kQueue,    // When its batch formed.
  kReply,    // Scored, but too late.
};

// One forward pass.
struct BatchRecord {
  absl::string_view device;
  absl::Time began;
  absl::Duration forward;
  int64_t groups = 0;
  int64_t responses = 0;
  int64_t input_tokens = 0;     // As if nothing were shared.
  int64_t computed_tokens = 0;  // Each group's prefix once.
  int64_t failed = 0;           // Responses that got no score.
};

// One request, answered.
struct RequestRecord {
  absl::string_view method;  // "Score", "ScoreStream", "GetModel".
  absl::string_view tenant;
  absl::StatusCode code = absl::StatusCode::kOk;
  absl::Duration total;   // From its last byte's arrival until its reply was made.
  StageDurations stages;  // Zero where the request never came so far.
};

// Thread-safe; methods return at once. Called from RPC, encoder, worker and completion threads.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnRequest(const RequestRecord& request) = 0;
  virtual void OnBatch(const BatchRecord& batch) = 0;
  virtual void OnRefusal(Refusal reason) = 0;
  virtual void OnDeadlineMissed(DeadlineStage stage) = 0;

  // Hears everything and does nothing; lives as long as the process.
  static Observer* Silent();
};

}  // namespace assay

#endif  // ASSAY_SERVER_OBSERVER_H_
