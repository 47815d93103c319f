#include "tools/fleet_simulator/needed_replicas.h"

#include <algorithm>

namespace assay::fleet {

int NeededReplicas(int guess, int most, const std::function<bool(int)>& is_enough) {
  // Between `low`, which is not enough, and `high`, which is; first in steps that double.
  int low = 0;
  int high = most + 1;
  int step = std::max(1, guess / 16);
  for (int n = guess; n > low && n < high;) {
    if (is_enough(n)) {
      high = n;
      n = std::max(n - step, low + 1);
    } else {
      low = n;
      n = std::min(n + step, high - 1);
    }
    if (low > 0 && high <= most) break;
    step *= 2;
  }
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (is_enough(middle) ? high : low) = middle;
  }
  return high > most ? 0 : high;
}

}  // namespace assay::fleet
