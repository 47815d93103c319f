// server/refusal.h
// Why a request is not taken on. Plain types, no behaviour.
#ifndef ASSAY_SERVER_REFUSAL_H_
#define ASSAY_SERVER_REFUSAL_H_

#include "absl/status/status.h"

namespace assay {

// Why a request was not taken on.
enum class Refusal {
  kQueueFull,    // Too many tokens queued.
  kTooSlow,      // Its deadline would pass before its turn.
  kTextWaiting,  // Too much text waits for the encoders.
  kStopping,
  kUnhealthy,  // No device is left.
  kInvalid,    // INVALID_ARGUMENT or FAILED_PRECONDITION, for the whole request.
  kIdentity,   // UNAUTHENTICATED or PERMISSION_DENIED.
};

// The answer to a request for admission.
struct Admission {
  absl::Status status = absl::OkStatus();  // What to answer the caller with; OK: taken on.
  Refusal reason = Refusal::kQueueFull;    // Meaningful where status is not OK.
};

}  // namespace assay

#endif  // ASSAY_SERVER_REFUSAL_H_
