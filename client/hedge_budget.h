// client/hedge_budget.h
// When a call asks a second replica as well, and how many calls of a client may. Pure but for its
// lock: no clock, no thread.
#ifndef ASSAY_CLIENT_HEDGE_BUDGET_H_
#define ASSAY_CLIENT_HEDGE_BUDGET_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace assay::client {

struct HedgeOptions {
  // How long an attempt may be without an answer until another replica is asked, too; infinite: for
  // ever. Above what nearly all calls take, their 95th percentile, say: each hedge is work done
  // twice. > 0.
  absl::Duration after = absl::InfiniteDuration();
  // Of a client's calls, those that may be hedged, so that a fleet which is slow as a whole is not
  // asked for twice the work. 0..1.
  double max_share = 0.05;

  // INVALID_ARGUMENT naming the field, its value and its range.
  absl::Status Validate() const;
};

// A bucket that every call fills by `max_share` and every hedge empties by one. It begins with one
// (none where max_share is 0) and holds ten at most: hedges are never more than 1 + max_share x
// calls, and a quiet time saves up for few. Thread-safe.
class HedgeBudget {
 public:
  explicit HedgeBudget(double max_share) : max_share_(max_share), hedges_(max_share > 0 ? 1 : 0) {}

  void CountCall() ABSL_LOCKS_EXCLUDED(mu_);
  // True where a hedge may be made, which it then counts.
  bool Take() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const double max_share_;
  Mutex mu_;
  double hedges_ ABSL_GUARDED_BY(mu_);  // That may be made now. 0..10.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_HEDGE_BUDGET_H_
