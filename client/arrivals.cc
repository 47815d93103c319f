#include "client/arrivals.h"

#include <cmath>

namespace assay::client {

absl::Duration Arrivals::Next() {
  ++count_;
  if (kind_ == ArrivalKind::kEven) return absl::Seconds(static_cast<double>(count_ - 1) / rate_);
  // In (0, 1], from the generator's bits: std::exponential_distribution differs by library.
  const double uniform = (static_cast<double>(random_() >> 11) + 1) * 0x1p-53;
  seconds_ -= std::log(uniform) / rate_;
  return absl::Seconds(seconds_);
}

}  // namespace assay::client
