// tools/fleet_simulator/replica.h
// One server of the fleet in simulated time. Admission, batches and what is given up are decided by
// the product's own rooms: WorkQueue for the device, FairQueue for the encoders, SplitGroup; this one
// goes the way of ScoringPipeline and BatchScheduler between them without their threads. Only how
// long encoding and passes take is modelled (device_model.h).
#ifndef ASSAY_TOOLS_FLEET_SIMULATOR_REPLICA_H_
#define ASSAY_TOOLS_FLEET_SIMULATOR_REPLICA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/fair_queue.h"
#include "server/work_queue.h"
#include "tools/fleet_simulator/device_model.h"
#include "tools/fleet_simulator/event_queue.h"
#include "tools/fleet_simulator/request.h"

namespace assay::fleet {

struct ReplicaOptions {
  // Its `workers` and `initial_tokens_per_second` are the device's, whatever it says.
  WorkQueueOptions queue = {};
  DeviceOptions device = {};
  int encoder_threads = 2;  // > 0.
  // Of one encoder thread: of a request, and of each of its tokens.
  absl::Duration encode_request = absl::Microseconds(50);
  double encode_tokens_per_second = 5e6;           // > 0.
  int64_t max_waiting_bytes = int64_t{256} << 20;  // As the server's option.
  double bytes_per_token = 4;                      // Of text, for that limit.
};

struct ReplicaCounts {
  int64_t passes = 0;
  int64_t computed_tokens = 0;  // Of passes that ended.
  int64_t refused = 0;
};

// Not thread-safe. Borrows `events`, which must not run actions of a replica that is gone.
class Replica {
 public:
  // OK: scored. Else an error that the server would answer with.
  using Answer = std::function<void(absl::Status)>;

  Replica(const ReplicaOptions& options, EventQueue* events);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // A request arrives. `answer` runs exactly once, at once where it is refused:
  //   RESOURCE_EXHAUSTED            with a time to wait (RetryAfter()).
  //   DEADLINE_EXCEEDED, CANCELLED  as the server's.
  //   UNAVAILABLE                   the replica has broken.
  void Submit(const GroupRequest& request, Waiter waiter, Answer answer);

  // Answers all it has, and all that comes, UNAVAILABLE.
  void Break();

  int64_t queued_tokens() const { return queue_.queued_tokens(); }
  bool idle() const { return open_ == 0; }
  const ReplicaCounts& counts() const { return counts_; }

 private:
  struct Job;  // A request from Submit() to its answer.

  Admission Check(const Flow& flow, int64_t tokens, absl::Time deadline);
  void Encode();
  void Schedule(const std::shared_ptr<Job>& job);
  void BeginPasses();
  void AwaitPassEnd();
  void EndPasses();
  void Drop(std::vector<WorkQueue::Dropped> dropped);
  void Finish(Job& job, absl::Status status);

  const ReplicaOptions options_;
  EventQueue* const events_;  // Borrowed.
  FairQueue<std::shared_ptr<Job>> waiting_;
  int free_encoders_;
  WorkQueue queue_;
  DeviceModel device_;
  std::map<int64_t, WorkQueue::Batch> running_;  // By pass.
  absl::Time awaited_end_ = absl::InfinitePast();
  int64_t awaited_ = 0;  // Number of the event that is waited for; others are out of date.
  int64_t open_ = 0;     // Requests taken and not answered.
  bool broken_ = false;
  ReplicaCounts counts_;
};

}  // namespace assay::fleet

#endif  // ASSAY_TOOLS_FLEET_SIMULATOR_REPLICA_H_
