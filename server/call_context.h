// server/call_context.h
// Who asks, on whose behalf, and until when: what comes with a request besides its bytes. Plain
// structs, no behaviour.
#ifndef ASSAY_SERVER_CALL_CONTEXT_H_
#define ASSAY_SERVER_CALL_CONTEXT_H_

#include <string>

#include "absl/time/time.h"
#include "server/flow.h"
#include "server/task_interest.h"

namespace assay {

// Of one call; shared by all requests of a stream.
struct CallContext {
  std::string tenant = "default";  // 1..64 of [A-Za-z0-9._-].
  Priority priority = Priority::kInteractive;
  std::string request_id = {};  // Printable; never empty past the door. For logs, and echoed.
  std::string trace_id = {};    // 32 hex digits of a traceparent; empty: none came.
  std::string span_id = {};     // The caller's, 16 hex digits; empty: none came.
  absl::Time deadline = absl::InfiniteFuture();
  CancelFlag cancelled = nullptr;  // Null: never cancelled.
};

}  // namespace assay

#endif  // ASSAY_SERVER_CALL_CONTEXT_H_
