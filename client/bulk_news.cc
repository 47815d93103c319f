#include "client/bulk_news.h"

namespace assay::client {

void BulkNews::TellReply(size_t stream, v1::ScoreStreamResponse reply) {
  MutexLock lock(&mu_);
  batch_.replies.emplace_back(stream, std::move(reply));
  WakeLocked();
}

void BulkNews::TellWritable(size_t stream) {
  MutexLock lock(&mu_);
  batch_.writable.push_back(stream);
  WakeLocked();
}

void BulkNews::TellEnd(size_t stream, const absl::Status& status) {
  MutexLock lock(&mu_);
  batch_.ends.emplace_back(stream, status);
  WakeLocked();
}

void BulkNews::TellReplicasChanged() {
  MutexLock lock(&mu_);
  batch_.replicas_changed = true;
  WakeLocked();
}

void BulkNews::TellCancelled() {
  MutexLock lock(&mu_);
  batch_.cancelled = true;
  WakeLocked();
}

void BulkNews::Wake() {
  MutexLock lock(&mu_);
  WakeLocked();
}

BulkNews::Batch BulkNews::Await(Clock* clock, absl::Time deadline) {
  MutexLock lock(&mu_);
  while (!awake_ && clock->WaitUntil(mu_, changed_, deadline)) {
  }
  awake_ = false;
  return std::exchange(batch_, Batch());
}

void BulkNews::WakeLocked() {
  awake_ = true;
  changed_.notify_one();
}

}  // namespace assay::client
