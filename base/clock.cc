#include "base/clock.h"

#include "absl/time/clock.h"

namespace assay {
namespace {

class RealClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }

  bool WaitUntil(Mutex& mu, CondVar& cv, absl::Time deadline) override {
    if (deadline == absl::InfiniteFuture()) {
      cv.wait(mu);
      return true;
    }
    cv.wait_until(mu, absl::ToChronoTime(deadline));
    return Now() < deadline;
  }
};

}  // namespace

Clock* Clock::Real() {
  static RealClock* const clock = new RealClock;
  return clock;
}

}  // namespace assay
