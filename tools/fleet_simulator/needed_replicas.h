// tools/fleet_simulator/needed_replicas.h
// How many replicas a load needs, by trying. Pure.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_NEEDED_REPLICAS_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_NEEDED_REPLICAS_H_

#include <functional>

namespace assay::fleet {

// The smallest n in 1..most for which `is_enough(n)`, supposing that it stays so for any larger one;
// 0 where `most` is not enough. `guess`: where to begin, 1..most; a good one saves tries.
int NeededReplicas(int guess, int most, const std::function<bool(int)>& is_enough);

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_NEEDED_REPLICAS_H_
