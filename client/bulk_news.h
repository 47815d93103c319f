// client/bulk_news.h
// What other threads tell the loop of one ScoreAll, kept until it looks.
#ifndef ASSAY_CLIENT_BULK_NEWS_H_
#define ASSAY_CLIENT_BULK_NEWS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace assay::client {

// Thread-safe.
class BulkNews {
 public:
  // Since the loop last looked. Streams by the ledger's numbers; what one stream tells is in order.
  struct Batch {
    std::vector<std::pair<size_t, v1::ScoreStreamResponse>> replies = {};
    std::vector<size_t> writable = {};
    std::vector<std::pair<size_t, absl::Status>> ends = {};
    bool replicas_changed = false;
    bool cancelled = false;
  };

  void TellReply(size_t stream, v1::ScoreStreamResponse reply) ABSL_LOCKS_EXCLUDED(mu_);
  void TellWritable(size_t stream) ABSL_LOCKS_EXCLUDED(mu_);
  void TellEnd(size_t stream, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void TellReplicasChanged() ABSL_LOCKS_EXCLUDED(mu_);
  void TellCancelled() ABSL_LOCKS_EXCLUDED(mu_);
  // Something that is kept elsewhere is there to be looked at.
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);

  // Waits until something is told, or until `deadline`, when the batch may be empty.
  Batch Await(Clock* clock, absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void WakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  CondVar changed_;
  Batch batch_ ABSL_GUARDED_BY(mu_);
  bool awake_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_NEWS_H_
