#include "server/recent_batches.h"

#include <utility>

namespace assay {

std::vector<RecentBatch> RecentBatches::Last() const {
  MutexLock lock(&mu_);
  return {batches_.begin(), batches_.end()};
}

void RecentBatches::OnBatch(const BatchRecord& batch) {
  RecentBatch kept = {.device = std::string(batch.device), .record = batch};
  kept.record.device = {};
  MutexLock lock(&mu_);
  if (batches_.size() == kKept) batches_.pop_front();
  batches_.push_back(std::move(kept));
}

}  // namespace assay
