// server/stop_signal.h
// SIGTERM and SIGINT as something to wait for. No work is done in a signal handler: a thread takes
// the signals.
#ifndef ASSAY_SERVER_STOP_SIGNAL_H_
#define ASSAY_SERVER_STOP_SIGNAL_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace assay {

// One a process. Thread-safe after construction.
class StopSignal {
 public:
  // Before any other thread starts, because threads inherit which signals they leave alone. Until
  // Hold(), a signal ends the process at once with exit code 0: nothing has been promised yet.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // From here on the first signal ends Await(); a second one ends the process at once with exit
  // code 1.
  void Hold() ABSL_LOCKS_EXCLUDED(mu_);

  // As if a signal had come, but not counted as the first of two.
  void Request() ABSL_LOCKS_EXCLUDED(mu_);

  // Blocks until a signal came since Hold(), or Request().
  void Await() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void TakeSignals() ABSL_LOCKS_EXCLUDED(mu_);

  Mutex mu_;
  CondVar changed_;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  bool received_ ABSL_GUARDED_BY(mu_) = false;
  bool requested_ ABSL_GUARDED_BY(mu_) = false;
  bool closing_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;  // Last: starts after the rest.
};

}  // namespace assay

#endif  // ASSAY_SERVER_STOP_SIGNAL_H_
