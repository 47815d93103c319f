// client/arrivals.h
// When an open loop sends, as a pure function of rate and seed: it never looks at the answers, so
// that a slow server gets no fewer requests than it would from people.
#ifndef ASSAY_CLIENT_ARRIVALS_H_
#define ASSAY_CLIENT_ARRIVALS_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace assay::client {

enum class ArrivalKind {
  kPoisson,  // Independent of each other, as from many callers.
  kEven,     // One every 1/rate.
};

// Not thread-safe. The same arguments give the same times.
class Arrivals {
 public:
  // `rate` > 0, in arrivals a second.
  Arrivals(ArrivalKind kind, double rate, uint64_t seed)
      : kind_(kind), rate_(rate), random_(seed) {}

  // Since the beginning; never less than the one before.
  absl::Duration Next();

 private:
  const ArrivalKind kind_;
  const double rate_;
  std::mt19937_64 random_;
  int64_t count_ = 0;
  double seconds_ = 0;  // Of the last Poisson arrival.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ARRIVALS_H_
