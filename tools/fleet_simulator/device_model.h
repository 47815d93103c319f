// tools/fleet_simulator/device_model.h
// How long forward passes take on the device, or devices, of one replica. A pass is an overhead and its
// tokens at a speed. What two passes at a time do to each other is the kind of device:
//   own        each worker has a device of its own, and they do not meet
//   shared     passes share one device evenly, as two workers do the cores of a CPU
//   pipelined  one computes at a time, in the order of their beginning, while the overhead of the next
//              passes beside it, as two workers do on a GPU
// A model, not a measurement: attention's growth with a conversation's length is inside the speed.
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_DEVICE_MODEL_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_DEVICE_MODEL_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace assay::fleet {

enum class DeviceKind { kOwn, kShared, kPipelined };

struct DeviceOptions {
  DeviceKind kind = DeviceKind::kPipelined;
  // Of the replica, all its workers together. > 0.
  double tokens_per_second = 50000;
  absl::Duration pass_overhead = absl::Milliseconds(2);  // >= 0.
  int workers = 2;                                       // Passes at a time. > 0.
};

// Not thread-safe. Times do not go back.
class DeviceModel {
 public:
  explicit DeviceModel(const DeviceOptions& options) : options_(options) {}

  bool has_free_worker() const { return passes_.size() < static_cast<size_t>(options_.workers); }
  bool idle() const { return passes_.empty(); }

  // `id` names the pass to TakeEnded(). Needs a free worker. `tokens` > 0.
  void Begin(int64_t id, int64_t tokens, absl::Time now);
  // When the next pass ends if none begins before; InfiniteFuture where none runs.
  absl::Time NextEnd() const;
  // The passes that have ended by `now`, in the order of their beginning.
  std::vector<int64_t> TakeEnded(absl::Time now);

 private:
  struct Pass {
    int64_t id;
    absl::Time end;       // Of kOwn and kPipelined.
    absl::Duration left;  // Of kShared: what it takes alone, as of `shared_until_`.
  };

  void ShareUntil(absl::Time now);

  const DeviceOptions options_;
  std::vector<Pass> passes_;
  absl::Time free_at_ = absl::InfinitePast();  // Of kPipelined: what computes has ended by then.
  absl::Time shared_until_;                    // Of kShared.
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_DEVICE_MODEL_H_
