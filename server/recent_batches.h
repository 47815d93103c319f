// server/recent_batches.h
// Remembers the last forward passes, for the status page. Thread-safe.
#ifndef ASSAY_SERVER_RECENT_BATCHES_H_
#define ASSAY_SERVER_RECENT_BATCHES_H_

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "server/observer.h"

namespace assay {

// A BatchRecord that owns its device's name; `record.device` is empty.
struct RecentBatch {
  std::string device;
  BatchRecord record;
};

class RecentBatches : public Observer {
 public:
  static constexpr size_t kKept = 50;

  // In the order in which they ended, the last one last; at most kKept.
  std::vector<RecentBatch> Last() const ABSL_LOCKS_EXCLUDED(mu_);

  void OnBatch(const BatchRecord& batch) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnRequest(const RequestRecord& /*request*/) override {}
  void OnRefusal(Refusal /*reason*/) override {}
  void OnDeadlineMissed(DeadlineStage /*stage*/) override {}

 private:
  mutable Mutex mu_;
  std::deque<RecentBatch> batches_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_RECENT_BATCHES_H_
