// client/request_pump.h
// Pulls requests from a source, on a thread of its own, so that a source which waits (for a pipe,
// for a generator) holds up no answer; and never further ahead than there is room.
#ifndef ASSAY_CLIENT_REQUEST_PUMP_H_
#define ASSAY_CLIENT_REQUEST_PUMP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "client/types.h"

namespace assay::client {

// The next request; nullopt at the end, after which it is not called again. Must not throw.
using RequestSource = std::function<std::optional<ScoreRequest>()>;

// Thread-safe.
class RequestPump {
 public:
  struct Pulled {
    std::vector<ScoreRequest> requests = {};  // Oldest first.
    bool ended = false;                       // Nothing comes after these.
  };

  // Starts pulling, at most `room` (> 0) requests that Release() has not given back. `notify` runs
  // on the pump's thread after each request and at the end.
  RequestPump(RequestSource source, int64_t room, std::function<void()> notify);
  // Waits until the source's last call has returned.
  ~RequestPump();
  RequestPump(const RequestPump&) = delete;
  RequestPump& operator=(const RequestPump&) = delete;

  // What came since the last call. Never waits.
  Pulled Take() ABSL_LOCKS_EXCLUDED(mu_);

  // `count` of the requests taken are answered: as many more may be pulled.
  void Release(int64_t count) ABSL_LOCKS_EXCLUDED(mu_);

  // Pulls no more; a call of the source that is under way still counts. Does not wait.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const RequestSource source_;          // Called by thread_ alone.
  const std::function<void()> notify_;  // Called without mu_.

  Mutex mu_;
  CondVar changed_;
  int64_t room_ ABSL_GUARDED_BY(mu_);
  std::vector<ScoreRequest> pulled_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;    // The source is at its end, or was stopped.
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.

  std::thread thread_;  // Last: starts after the rest.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_REQUEST_PUMP_H_
