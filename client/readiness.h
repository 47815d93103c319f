// client/readiness.h
// Whether a server takes calls, as far as its connection tells.
#ifndef ASSAY_CLIENT_READINESS_H_
#define ASSAY_CLIENT_READINESS_H_

namespace assay::client {

enum class Readiness {
  kReady,    // Connected, and its health service, where it has one, says SERVING.
  kUnknown,  // Not connected yet.
  kFailing,  // Not reached, or it says that it serves no more.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_READINESS_H_
